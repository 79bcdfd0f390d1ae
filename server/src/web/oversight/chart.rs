//! Drawings for those who would rather look than read. Shapes only: every number stands in the
//! table beside its drawing.

/// A bar in a table's line.
pub struct Bar {
    pub name: String,
    pub n: u64,
    /// 0 to 100; at least 1 where there is anything, so that one is never drawn as none.
    pub percent: u64,
}

/// Bars against the longest of them.
pub fn bars(rows: impl IntoIterator<Item = (String, u64)>) -> Vec<Bar> {
    let rows: Vec<(String, u64)> = rows.into_iter().collect();
    let most = rows.iter().map(|(_, n)| *n).max().unwrap_or_default();
    rows.into_iter().map(|(name, n)| Bar { name, n, percent: percent(n, most) }).collect()
}

fn percent(n: u64, most: u64) -> u64 {
    let share = n.saturating_mul(100).checked_div(most).unwrap_or_default();
    share.max(u64::from(n > 0))
}
