//! A started PostgreSQL answers, keeps tests apart, and is gone when it is dropped.

use entremise_parts::postgres::Cluster;
use postgres::{Client, NoTls};

#[test]
fn a_cluster_answers_and_each_database_is_empty() {
    let Some(cluster) = Cluster::start().unwrap() else {
        return entremise_parts::absent("PostgreSQL");
    };
    let mut first = Client::connect(&cluster.database().unwrap(), NoTls).unwrap();
    let mut second = Client::connect(&cluster.database().unwrap(), NoTls).unwrap();
    first.batch_execute("CREATE TABLE mark (number bigint)").unwrap();
    assert!(second.query("SELECT number FROM mark", &[]).is_err());
}

#[test]
fn a_dropped_cluster_is_gone() {
    let Some(cluster) = Cluster::start().unwrap() else {
        return entremise_parts::absent("PostgreSQL");
    };
    let address = cluster.database().unwrap();
    let id = cluster.id().unwrap();
    drop(cluster);
    assert!(Client::connect(&address, NoTls).is_err());
    assert!(!std::path::Path::new(&format!("/proc/{id}")).exists());
}

#[test]
fn a_cluster_that_was_stopped_or_crashed_has_its_data_when_it_starts_again() {
    let Some(mut cluster) = Cluster::start().unwrap() else {
        return entremise_parts::absent("PostgreSQL");
    };
    let address = cluster.database().unwrap();
    let mut client = Client::connect(&address, NoTls).unwrap();
    client.batch_execute("CREATE TABLE mark (number bigint)").unwrap();
    for end in [Cluster::stop, Cluster::crash] {
        end(&mut cluster);
        assert!(Client::connect(&address, NoTls).is_err());
        cluster.start_again().unwrap();
        let mut client = Client::connect(&address, NoTls).unwrap();
        assert!(client.query("SELECT number FROM mark", &[]).unwrap().is_empty());
    }
}
