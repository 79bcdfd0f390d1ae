//! What a person who watches over the authority should look at: a line named improbably often (a
//! look-up that falls back on one subscriber: 2013, 1,531 times), a reader unlike the others.

use std::collections::BTreeMap;

use entremise_core::id::{AuthorityId, CaseId, PartyId};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::Store;
use crate::conn::{Tx, Value};
use crate::rows;
use crate::trouble::Trouble;

/// A line that answers name more often than chance would, if they fell evenly on all lines.
#[derive(Clone, Debug, PartialEq)]
pub struct OftenNamed {
    /// The case of the line; its number stands in the public ledger and says nothing.
    pub case: CaseId,
    pub provider: PartyId,
    pub times: u64,
    /// How often the lines of the same stretch were named on average.
    pub on_average: f64,
}

/// Fewer facts than this against one line are never an alarm.
const TIMES_MIN: u64 = 10;
/// One false alarm in so many stretches, were the answers spread evenly.
const ONE_IN: f64 = 1000.0;

/// Which of these counts, one a line, are improbable: the chance that a Poisson variable of their
/// mean reaches the count, times the number of lines, is below one in a thousand.
pub fn often_named(counts: &[u64]) -> Vec<usize> {
    let lines = counts.len() as f64;
    let total: u64 = counts.iter().sum();
    let found = counts.iter().enumerate().filter(|(_, times)| {
        // A line that swamps the rest must not hide behind the mean that it made itself.
        let mean_of_others = (total - **times) as f64 / (lines - 1.0).max(1.0);
        **times >= TIMES_MIN && at_least(**times, mean_of_others.max(1.0)) * lines < 1.0 / ONE_IN
    });
    found.map(|(at, _)| at).collect()
}

/// The chance that a Poisson variable of this mean is at least `times`.
fn at_least(times: u64, mean: f64) -> f64 {
    let mut term = (-mean).exp();
    let mut below = 0.0;
    for step in 0..times {
        below += term;
        term *= mean / (step + 1) as f64;
    }
    (1.0 - below).max(0.0)
}

/// A day on which a reader looked so often is looked at.
const LOOKS_MIN: u64 = 20;
/// So many times what is usual.
const TIMES_USUAL: u64 = 4;

/// Readers with a day of more than four times the median of all readers' days, and twenty looks at
/// least. Given: person and day, with how often they looked.
pub fn unusual_readers(looks: &BTreeMap<(String, String), u64>) -> Vec<(String, String, u64)> {
    let mut days: Vec<u64> = looks.values().copied().collect();
    days.sort_unstable();
    let Some(median) = days.get(days.len().saturating_sub(1) / 2) else { return Vec::new() };
    let unusual = looks.iter().filter(|(_, n)| **n >= LOOKS_MIN && **n > median * TIMES_USUAL);
    unusual.map(|((person, day), n)| (person.clone(), day.clone(), *n)).collect()
}

impl Store {
    /// Lines named improbably often since an instant.
    pub fn lines_often_named(
        &self,
        authority: &AuthorityId,
        since: Timestamp,
    ) -> Result<Vec<OftenNamed>, Trouble> {
        self.inner.cases.read(|tx| {
            let first = first_entry_since(tx, authority, since)?;
            let rows = tx.query(
                "-- facts-by-line
                 SELECT subject, COUNT(seq) FROM ledger
                 WHERE authority = $1 AND seq >= $2 AND kind = 'event.fact_established'
                     AND subject IS NOT NULL
                 GROUP BY subject",
                &[authority.as_str().into(), first.into()],
            )?;
            let mut lines = Vec::with_capacity(rows.len());
            for row in &rows {
                lines.push((CaseId(row.id(0)?), u64::try_from(row.integer(1)?).unwrap_or(0)));
            }
            let counts: Vec<u64> = lines.iter().map(|(_, times)| *times).collect();
            let total: u64 = counts.iter().sum();
            let mut found = Vec::new();
            for place in often_named(&counts) {
                let (case, times) = lines[place];
                let Some(stored) = rows::case_by_id(tx, authority, case)? else { continue };
                let provider = stored.case.subject.provider().clone();
                let on_average = total as f64 / counts.len() as f64;
                found.push(OftenNamed { case, provider, times, on_average });
            }
            Ok(found)
        })
    }

    /// How often each person opened a compartment on each day of a stretch, by the ledger's lines.
    pub fn looks_by_person(
        &self,
        authority: &AuthorityId,
        first: Date,
        last: Date,
    ) -> Result<BTreeMap<(String, String), u64>, Trouble> {
        let (first, last) = (first.to_string(), last.to_string());
        let rows = self.inner.cases.read(|tx| {
            tx.query(
                "-- looks-by-person
                 SELECT actor, day, CAST(SUM(n) AS bigint) FROM figure
                 WHERE authority = $1 AND day >= $2 AND day <= $3
                     AND (what LIKE 'linking.%' OR what LIKE 'look.%')
                     AND actor LIKE 'person:%'
                 GROUP BY actor, day ORDER BY actor, day",
                &[authority.as_str().into(), Value::Text(&first), Value::Text(&last)],
            )
        })?;
        rows.iter()
            .map(|row| {
                let looks = u64::try_from(row.integer(2)?).unwrap_or(0);
                Ok(((row.text(0)?.to_owned(), row.text(1)?.to_owned()), looks))
            })
            .collect()
    }
}

/// Where in its ledger an authority's stretch begins. Instants never go back in it, so that a few
/// entries are looked at, not all that was ever entered.
fn first_entry_since(
    tx: &mut Tx,
    authority: &AuthorityId,
    since: Timestamp,
) -> Result<i64, Trouble> {
    let head = tx.query_one(
        "-- ledger-size
         SELECT size FROM ledger_head WHERE authority = $1",
        &[authority.as_str().into()],
    )?;
    let (mut first, mut end) = (0, head.map_or(Ok(0), |row| row.integer(0))?);
    while first < end {
        let middle = first + (end - first) / 2;
        let is_before = tx.query_one(
            "-- is-entry-before
             SELECT 1 FROM ledger WHERE authority = $1 AND seq = $2 AND entered_at < $3",
            &[authority.as_str().into(), middle.into(), Value::time(since)],
        )?;
        match is_before {
            Some(_) => first = middle + 1,
            None => end = middle,
        }
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_up_that_falls_back_on_one_subscriber_is_seen_and_ordinary_spread_is_not() {
        let mut counts = vec![1; 2_000];
        counts.extend([2; 300]);
        counts.extend([3; 60]);
        counts.extend([6; 3]);
        assert_eq!(often_named(&counts), Vec::<usize>::new());
        counts.push(1_531);
        assert_eq!(often_named(&counts), [counts.len() - 1]);
        assert_eq!(often_named(&[]), Vec::<usize>::new());
        assert_eq!(often_named(&[9]), Vec::<usize>::new(), "few facts are never an alarm");
        assert_eq!(often_named(&[40]), [0]);
    }

    #[test]
    fn a_reader_unlike_the_others_is_named_with_the_day() {
        let day = |person: &str, day: &str| (person.to_owned(), day.to_owned());
        let mut looks = BTreeMap::from([
            (day("person:a", "2026-11-02"), 6),
            (day("person:a", "2026-11-03"), 5),
            (day("person:b", "2026-11-02"), 7),
        ]);
        assert!(unusual_readers(&looks).is_empty());
        looks.insert(day("person:c", "2026-11-03"), 90);
        let found = unusual_readers(&looks);
        assert_eq!(found, [("person:c".to_owned(), "2026-11-03".to_owned(), 90)]);
    }
}
