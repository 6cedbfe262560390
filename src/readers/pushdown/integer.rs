//! DuckDB's whole numbers and decimals: what each type holds, and what type holds the values of two.

use migrator_model::LogicalType;

/// The most digits of a DECIMAL.
pub const MOST_DIGITS: u8 = 38;

/// The least and the greatest whole number of a type; None for what is no whole number, or does not fit
/// i128.
pub fn range(logical: &LogicalType) -> Option<(i128, i128)> {
    use LogicalType as L;
    Some(match logical {
        L::TinyInt => (i8::MIN.into(), i8::MAX.into()),
        L::SmallInt => (i16::MIN.into(), i16::MAX.into()),
        L::Integer => (i32::MIN.into(), i32::MAX.into()),
        L::BigInt => (i64::MIN.into(), i64::MAX.into()),
        L::HugeInt => (i128::MIN, i128::MAX),
        L::UTinyInt => (0, u8::MAX.into()),
        L::USmallInt => (0, u16::MAX.into()),
        L::UInteger => (0, u32::MAX.into()),
        L::UBigInt => (0, u64::MAX.into()),
        _ => return None,
    })
}

/// The same for decimals, too, without their points.
pub fn unscaled_range(logical: &LogicalType) -> Option<(i128, i128)> {
    match logical {
        LogicalType::Decimal { width, .. } => {
            let end = 10_i128.checked_pow((*width).into())?;
            Some((1 - end, end - 1))
        }
        whole => range(whole),
    }
}

/// The digits behind the point.
pub fn scale(logical: &LogicalType) -> u8 {
    match logical {
        LogicalType::Decimal { scale, .. } => *scale,
        _ => 0,
    }
}

/// The DECIMAL that holds every value of a type, as width and scale; None for HUGEINT, which has more
/// digits than any.
pub fn as_decimal(logical: &LogicalType) -> Option<(u8, u8)> {
    use LogicalType as L;
    Some(match logical {
        L::Decimal { width, scale } => (*width, *scale),
        L::TinyInt | L::UTinyInt => (3, 0),
        L::SmallInt | L::USmallInt => (5, 0),
        L::Integer | L::UInteger => (10, 0),
        L::BigInt => (19, 0),
        L::UBigInt => (20, 0),
        _ => return None,
    })
}

/// The type of the values of two types of numbers, without a change of any value.
pub fn common(left: &LogicalType, right: &LogicalType) -> Option<LogicalType> {
    match (range(left), range(right)) {
        (Some(left), Some(right)) => Some(holding(left.0.min(right.0), left.1.max(right.1))),
        _ => common_decimal(as_decimal(left)?, as_decimal(right)?),
    }
}

/// The narrowest signed type of whole numbers with these ends.
fn holding(low: i128, high: i128) -> LogicalType {
    use LogicalType as L;
    let holds = |logical: &L| range(logical).is_some_and(|ends| ends.0 <= low && high <= ends.1);
    let types = [L::TinyInt, L::SmallInt, L::Integer, L::BigInt];
    types.into_iter().find(holds).unwrap_or(L::HugeInt)
}

/// Digits before and behind the point as either has; beyond 38 DuckDB would cut.
fn common_decimal(left: (u8, u8), right: (u8, u8)) -> Option<LogicalType> {
    let scale = left.1.max(right.1);
    let width = (left.0 - left.1).max(right.0 - right.1) + scale;
    (width <= MOST_DIGITS).then_some(LogicalType::Decimal { width, scale })
}

#[cfg(test)]
mod tests {
    use super::*;
    use LogicalType as L;

    #[test]
    fn whole_numbers_share_a_signed_type() {
        assert_eq!(common(&L::SmallInt, &L::Integer), Some(L::Integer));
        assert_eq!(common(&L::Integer, &L::UInteger), Some(L::BigInt));
        assert_eq!(common(&L::BigInt, &L::UBigInt), Some(L::HugeInt));
        assert_eq!(common(&L::UTinyInt, &L::UTinyInt), Some(L::SmallInt));
        assert_eq!(common(&L::HugeInt, &L::TinyInt), Some(L::HugeInt));
    }

    #[test]
    fn decimals_share_a_type_of_at_most_38_digits() {
        let decimal = |width, scale| L::Decimal { width, scale };
        assert_eq!(common(&decimal(15, 2), &decimal(10, 4)), Some(decimal(17, 4)));
        assert_eq!(common(&decimal(15, 2), &L::Integer), Some(decimal(15, 2)));
        assert_eq!(common(&L::BigInt, &decimal(5, 5)), Some(decimal(24, 5)));
        assert_eq!(common(&decimal(38, 0), &decimal(2, 1)), None);
        assert_eq!(common(&L::HugeInt, &decimal(2, 1)), None);
        assert_eq!(common(&L::Double, &decimal(2, 1)), None);
    }

    #[test]
    fn decimals_have_their_digits() {
        assert_eq!(unscaled_range(&L::Decimal { width: 3, scale: 1 }), Some((-999, 999)));
        assert!(unscaled_range(&L::Decimal { width: 38, scale: 0 }).is_some());
        assert_eq!(unscaled_range(&L::UHugeInt), None);
    }
}
