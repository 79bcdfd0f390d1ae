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
    rows.into_iter().map(|(name, n)| Bar { name, n, percent: percent(n, most, 100) }).collect()
}

/// A month: what came in, what went out.
pub struct Month {
    pub name: String,
    pub notices: u64,
    pub warnings: u64,
    /// Left edge, then heights and tops of the two columns, in the drawing's own units.
    pub x: u64,
    pub notices_height: u64,
    pub warnings_height: u64,
}

impl Month {
    pub fn notices_top(&self) -> u64 {
        HEIGHT - self.notices_height
    }

    pub fn warnings_top(&self) -> u64 {
        HEIGHT - self.warnings_height
    }

    pub fn second(&self) -> u64 {
        self.x + COLUMN
    }

    pub fn middle(&self) -> u64 {
        self.x + COLUMN
    }
}

/// Of the columns' part of the drawing.
pub const HEIGHT: u64 = 200;
const COLUMN: u64 = 22;
const STEP: u64 = 60;
const MARGIN: u64 = 8;

/// Columns of months, each pair against the highest of its own kind: warnings are few where notices
/// are many, and would else be a line on the floor.
pub fn months(rows: Vec<(String, u64, u64)>) -> Vec<Month> {
    let most_notices = rows.iter().map(|row| row.1).max().unwrap_or_default();
    let most_warnings = rows.iter().map(|row| row.2).max().unwrap_or_default();
    let month = |(place, (name, notices, warnings)): (u64, (String, u64, u64))| Month {
        name,
        notices,
        warnings,
        x: MARGIN + place * STEP,
        notices_height: percent(notices, most_notices, HEIGHT),
        warnings_height: percent(warnings, most_warnings, HEIGHT),
    };
    (0..).zip(rows).map(month).collect()
}

fn percent(n: u64, most: u64, of: u64) -> u64 {
    let share = n.saturating_mul(of).checked_div(most).unwrap_or_default();
    share.max(u64::from(n > 0))
}
