//! The interval around a share seen in a sample: Wilson's score interval at 95 % (E. B. Wilson,
//! JASA 22, 1927), which holds for small samples and for shares near none or all.

/// The two-sided 95 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A share with its bounds, each between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

/// The share of `found` among `checked`; `None` where nothing was checked.
pub fn share(found: u64, checked: u64) -> Option<Share> {
    if checked == 0 {
        return None;
    }
    let (n, share) = (checked as f64, found as f64 / checked as f64);
    let spread = Z * Z / n;
    let middle = (share + spread / 2.0) / (1.0 + spread);
    let half = Z / (1.0 + spread) * (share * (1.0 - share) / n + spread / (4.0 * n)).sqrt();
    let low = if found == 0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if found == checked { 1.0 } else { (middle + half).min(1.0) };
    Some(Share { share, low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(found: u64, checked: u64) -> (f64, f64) {
        let share = share(found, checked).unwrap();
        let round = |bound: f64| (bound * 10_000.0).round() / 10_000.0;
        (round(share.low), round(share.high))
    }

    #[test]
    fn the_bounds_are_those_of_the_published_examples() {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        assert_eq!(bounds(81, 263), (0.2553, 0.3662));
        assert_eq!(bounds(15, 148), (0.0624, 0.1605));
        assert_eq!(bounds(0, 20), (0.0, 0.1611));
        assert_eq!(bounds(1, 29), (0.0061, 0.1718));
    }

    #[test]
    fn nothing_checked_has_no_share_and_all_found_reaches_one() {
        assert_eq!(share(0, 0), None);
        assert_eq!(share(12, 12).unwrap().high, 1.0);
    }
}
