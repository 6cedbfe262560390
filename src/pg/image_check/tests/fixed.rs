//! Booleans, dates, times, enums.

use super::*;

const DAY: i64 = 86_400_000_000;

#[test]
fn booleans_are_zero_or_one() {
    assert_eq!([0, 1, 2, 255].map(|byte| fault(&P::Bool, &[byte])), [None, None, BOOL, BOOL]);
}
const BOOL: Option<Fault> = Some(Fault::Bool);

#[test]
fn dates_have_limits_and_infinities() {
    let date = |days: i32| fault(&P::Date, &days.to_le_bytes());
    for good in [-2_451_545, 0, 2_145_031_948, i32::MIN, i32::MAX] {
        assert_eq!(date(good), None, "{good}");
    }
    for bad in [-2_451_546, 2_145_031_949, i32::MIN + 1, i32::MAX - 1] {
        assert_eq!(date(bad), Some(Fault::Date), "{bad}");
    }
}

#[test]
fn times_last_a_day() {
    let time = |micros: i64, digits| fault(&P::Time(digits), &micros.to_le_bytes());
    assert_eq!([0, 1, DAY].map(|micros| time(micros, None)), [None; 3]);
    assert_eq!([-1, DAY + 1, i64::MIN].map(|micros| time(micros, None)), [Some(Fault::Time); 3]);
    assert_eq!(time(1_500_000, Some(1)), None);
    assert_eq!(time(1_500_000, Some(0)), Some(Fault::TimePrecision));
    assert_eq!(time(1, Some(6)), None);
}

#[test]
fn zones_are_below_sixteen_hours() {
    let time = |micros: i64, zone: i32, digits| {
        fault(&P::TimeTz(digits), &[&micros.to_le_bytes()[..], &zone.to_le_bytes()].concat())
    };
    assert_eq!([57_599, 0, -57_599].map(|zone| time(DAY, zone, None)), [None; 3]);
    let far = [57_600, -57_600, i32::MIN, i32::MAX];
    assert_eq!(far.map(|zone| time(DAY, zone, None)), [Some(Fault::Zone); 4]);
    assert_eq!(time(DAY + 1, 0, None), Some(Fault::Time));
    assert_eq!(time(1_001, 0, Some(3)), Some(Fault::TimePrecision));
}

#[test]
fn timestamps_have_limits_infinities_and_precision() {
    let (first, end) = (-211_813_488_000_000_000, 9_223_371_331_200_000_000);
    for with_zone in [false, true] {
        let timestamp = |micros: i64, digits| {
            let pg = if with_zone { P::TimestampTz(digits) } else { P::Timestamp(digits) };
            fault(&pg, &micros.to_le_bytes())
        };
        for good in [first, -1, 0, end - 1, i64::MIN, i64::MAX] {
            assert_eq!(timestamp(good, None), None, "{good}");
        }
        for bad in [first - 1, end, i64::MIN + 1, i64::MAX - 1] {
            assert_eq!(timestamp(bad, None), Some(Fault::Timestamp), "{bad}");
        }
        for good in [-3_000, 0, 123_000, i64::MIN, i64::MAX] {
            assert_eq!(timestamp(good, Some(3)), None, "{good}");
        }
        assert_eq!(timestamp(-2_999, Some(3)), Some(Fault::TimePrecision));
        assert_eq!(timestamp(1_500_000, Some(0)), Some(Fault::TimePrecision));
    }
}

#[test]
fn enums_have_their_labels_only() {
    let mut mood = target(&P::Enum { name: None, labels: vec!["a".into(), "b".into()] });
    mood.inner = Inner::Labels(vec![90, 30, 60]);
    for good in [30_u32, 60, 90] {
        assert_eq!(fault_of(&mood, &good.to_le_bytes()), None);
    }
    for bad in [0_u32, 31, 91, u32::MAX] {
        assert_eq!(fault_of(&mood, &bad.to_le_bytes()), Some(Fault::Label));
    }
}

#[test]
fn numbers_may_have_any_bits() {
    for pg in [P::Int2, P::Int4, P::Int8, P::Float4, P::Float8, P::Uuid, P::Interval] {
        let width = target(&pg).physical.len as usize;
        for byte in [0, 0x7f, 0x80, 0xff] {
            assert_eq!(fault(&pg, &vec![byte; width]), None, "{pg}");
        }
    }
}
