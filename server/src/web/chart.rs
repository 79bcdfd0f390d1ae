//! Figures as bars: the load of the coming days, and any other. The figures stand beside the bars;
//! the bars are for the eye.

use super::desk::TodayView;
use super::page::Page;

/// One line of the chart.
pub struct Bar {
    pub label: String,
    pub cases: u64,
    /// 0 to 100; at least 1 where there is any case, so that one is never drawn as none.
    pub percent: u64,
    pub late: bool,
}

/// What is late, then each coming day.
pub fn bars(today: &TodayView, page: &Page) -> Vec<Bar> {
    let most = today.load.iter().map(|day| day.cases).chain([today.late]).max().unwrap_or_default();
    let bar = |label: String, cases: u64, late: bool| {
        let share = cases.saturating_mul(100).checked_div(most).unwrap_or_default();
        Bar { label, cases, percent: share.max(u64::from(cases > 0)), late }
    };
    std::iter::once(bar(page.t("work.group.late").to_owned(), today.late, true))
        .chain(today.load.iter().map(|day| bar(page.short_day(day.day), day.cases, false)))
        .collect()
}

/// A named figure with its share of the largest.
pub struct Share {
    pub name: String,
    pub n: u64,
    /// 0 to 100; at least 1 where there is anything, so that one is never drawn as none.
    pub percent: u64,
}

/// Figures against the largest of them.
pub fn shares(rows: impl IntoIterator<Item = (String, u64)>) -> Vec<Share> {
    let rows: Vec<(String, u64)> = rows.into_iter().collect();
    let most = rows.iter().map(|(_, n)| *n).max().unwrap_or_default();
    let percent = |n: u64| {
        let share = n.saturating_mul(100).checked_div(most).unwrap_or_default();
        share.max(u64::from(n > 0))
    };
    rows.into_iter().map(|(name, n)| Share { percent: percent(n), name, n }).collect()
}
