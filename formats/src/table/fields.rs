//! One CSV record into its fields (RFC 4180), and back.
//!
//! Not the `csv` crate: a record is bounded, hashed and refused on its own, so it must be cut out
//! of the stream before it is parsed. A test holds this against the crate.

use std::borrow::Cow;

/// The fields of one record without its line end; Err says what is wrong.
pub(crate) fn split(record: &str) -> Result<Vec<Cow<'_, str>>, &'static str> {
    let mut fields = Vec::new();
    let mut rest = record;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => plain_field(rest)?,
        };
        fields.push(field);
        match after {
            Some(after) => rest = after,
            None => return Ok(fields),
        }
    }
}

type Field<'a> = (Cow<'a, str>, Option<&'a str>);

/// Up to the next comma; also what follows it, None at the end.
fn plain_field(rest: &str) -> Result<Field<'_>, &'static str> {
    let (field, after) = match rest.split_once(',') {
        Some((field, after)) => (field, Some(after)),
        None => (rest, None),
    };
    if field.contains('"') {
        return Err("a field with a quotation mark must be quoted, and the mark doubled");
    }
    Ok((Cow::Borrowed(field), after))
}

/// Up to the closing quotation mark; doubled ones are part of the text.
fn quoted_field(rest: &str) -> Result<Field<'_>, &'static str> {
    let mut end = 0;
    let mut doubled = false;
    loop {
        let mark = rest[end..].find('"').ok_or("a quoted field is not closed")?;
        end += mark;
        if !rest[end + 1..].starts_with('"') {
            break;
        }
        doubled = true;
        end += 2;
    }
    let text = &rest[..end];
    let field = if doubled { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) };
    match &rest[end + 1..] {
        "" => Ok((field, None)),
        after => match after.strip_prefix(',') {
            Some(after) => Ok((field, Some(after))),
            None => Err("something stands between a closing quotation mark and the comma"),
        },
    }
}

/// One field as it is written: quoted where it must be.
pub(crate) fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains(['"', ',', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", field.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotation_marks_protect_commas_line_ends_and_themselves() {
        assert_eq!(
            split(
                r#"a,"b,c","d ""e""",,"f
g""#
            )
            .unwrap(),
            ["a", "b,c", "d \"e\"", "", "f\ng"]
        );
        assert_eq!(split("").unwrap(), [""]);
    }

    #[test]
    fn a_stray_quotation_mark_is_refused() {
        for record in ["a\"b", "\"a", "\"a\"b", "\"a\" ,b"] {
            assert!(split(record).is_err(), "{record}");
        }
    }

    proptest! {
        #[test]
        fn what_we_write_we_and_the_csv_crate_read_alike(
            fields in prop::collection::vec("[ -~é\n\"]{0,12}", 2..8),
        ) {
            let record = fields.iter().map(|f| quoted(f)).collect::<Vec<_>>().join(",");
            prop_assert_eq!(split(&record).unwrap(), fields.clone());
            let mut theirs =
                csv::ReaderBuilder::new().has_headers(false).from_reader(record.as_bytes());
            let theirs = theirs.records().next().unwrap().unwrap();
            prop_assert_eq!(theirs.iter().collect::<Vec<_>>(), fields);
        }
    }
}
