//! A share of a sample, and between what bounds that of all is.

/// The normal distribution's for 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The share with Wilson's bounds; of nothing, everything is possible.
pub fn interval(found: u64, wanted: u64) -> (f64, f64, f64) {
    if wanted == 0 {
        return (0.0, 0.0, 1.0);
    }
    let (n, share) = (wanted as f64, found as f64 / wanted as f64);
    let scale = 1.0 + Z * Z / n;
    let centre = (share + Z * Z / (2.0 * n)) / scale;
    let spread = Z / scale * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    (share, (centre - spread).clamp(0.0, share), (centre + spread).clamp(share, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_wilsons() {
        let (share, low, high) = interval(1_950, 2_000);
        assert_eq!(share, 0.975);
        assert!((low - 0.967_18).abs() < 1e-4 && (high - 0.980_98).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn all_and_none_are_not_certain() {
        let (share, low, high) = interval(100, 100);
        assert!(share == 1.0 && high == 1.0 && (0.96..0.97).contains(&low));
        let (share, low, high) = interval(0, 100);
        assert!(share == 0.0 && low == 0.0 && (0.03..0.04).contains(&high));
        assert_eq!(interval(0, 0), (0.0, 0.0, 1.0));
    }
}
