//! The provider's own directory as a real PostgreSQL keeps it.

use entremise_connector::config::DirectoryConfig;
use entremise_connector::directory::Directory;
use entremise_core::identification::Identity;
use postgres::{Client, NoTls};

const TABLE: &str = "
    CREATE TABLE subscriber (line text PRIMARY KEY, holder text, street text, mail text);
    INSERT INTO subscriber VALUES
        ('alice', 'Camille SPECIMEN', '1 RUE DE L''ESSAI|75000 PARIS', 'camille@mail.example'),
        ('bob', NULL, NULL, ' | ')";
const QUERY: &str = "SELECT holder AS name, street AS postal_address, mail AS emails \
                     FROM subscriber WHERE line = $1";

/// A database with two subscribers; none where PostgreSQL is not installed.
fn database() -> Option<String> {
    let url = entremise_parts::postgres::shared()?.database().unwrap();
    Client::connect(&url, NoTls).unwrap().batch_execute(TABLE).unwrap();
    Some(url)
}

fn directory(url: &str, query: &str) -> Directory {
    Directory::new(Some(&DirectoryConfig {
        csv: None,
        postgres: Some(url.to_owned()),
        query: Some(query.to_owned()),
    }))
}

#[test]
fn an_identity_is_what_the_providers_query_says() {
    let Some(url) = database() else { return };
    let identity = directory(&url, QUERY).identity("alice").unwrap();
    assert_eq!(identity.name.as_deref(), Some("Camille SPECIMEN"));
    assert_eq!(identity.postal_address, ["1 RUE DE L'ESSAI", "75000 PARIS"]);
    assert_eq!(identity.emails, ["camille@mail.example"]);
    // A column the query does not name is nothing, not an error.
    assert!(identity.telephones.is_empty() && identity.line_address.is_empty());
}

#[test]
fn empty_columns_are_no_identity_and_an_absent_account_is_its_own_name() {
    let Some(url) = database() else { return };
    let directory = directory(&url, QUERY);
    assert!(directory.identity("bob").unwrap() == Identity::default());
    let unknown = directory.identity("nobody' OR 'a' = 'a").unwrap();
    let expected = Identity { name: Some("nobody' OR 'a' = 'a".to_owned()), ..Identity::default() };
    assert!(unknown == expected);
}

#[test]
fn what_is_wrong_with_the_database_is_said_without_its_address_or_the_account() {
    let Some(url) = database() else { return };
    let error = directory(&url, "SELECT nothing FROM nowhere WHERE a = $1").identity("alice").err();
    assert_eq!(error.unwrap().to_string(), "the directory's query fails");
    let absent = format!("{url}_absent");
    let error = directory(&absent, QUERY).identity("alice").err().unwrap();
    assert_eq!(format!("{error:#}"), "the directory's database does not answer");
}
