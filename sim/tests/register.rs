//! The closed question over the real way: a provider's connector, TLS, the authority's own door.

use crate::api_house;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::api_house::Hand;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use entremise_connector::register::{RegisterConfig, ask};
use entremise_core::id::{AuthorityId, CaseId};
use entremise_core::ledger::Actor;
use entremise_server::api::{self, Now};
use entremise_server::config::{Answers, Register};
use entremise_server::house::House;
use entremise_server::{register, serve};
use entremise_store::SystemEntropy;
use entremise_wire::register::Person;
use entremise_wire::signature::SigningKey;
use jiff::Timestamp;
use uuid::Uuid;

const NOON: &str = "2026-06-15T12:00:00Z";

fn authority() -> AuthorityId {
    "autorite".parse().unwrap()
}

fn now() -> Timestamp {
    NOON.parse().unwrap()
}

fn someone(given_name: &str) -> Person {
    Person {
        family_name: "Spécimen".to_owned(),
        given_name: given_name.to_owned(),
        born_on: "1980-01-31".parse().unwrap(),
        born_in: "75056".to_owned(),
    }
}

/// A house with a register at this address, one provider, and Camille on it until July.
fn house(folder: &Path, url: &str, provider: &SigningKey) -> House {
    let mut config = api_house::config(folder);
    config.authorities[0].register = Some(Register {
        url: url.to_owned(),
        questions_per_day_max: 100,
        questions_per_second_max: 100,
    });
    let clock = Hand::at(NOON).clock();
    let mut house = serve::open(&config, &clock, Arc::new(SystemEntropy::default())).unwrap();
    house.rooms[0].providers[0].config.answers = Answers::Connector {
        url: "https://connector.isp.example".to_owned(),
        ca: PathBuf::new(),
        client: PathBuf::new(),
        signing_key: PathBuf::new(),
        signing_key_id: "autorite-1".to_owned(),
        answer_key: provider.verifying_key().to_base64(),
        answer_key_id: "isp-1".to_owned(),
    };
    let room = &house.rooms[0];
    let (key, by) = (room.register_key.as_ref().unwrap(), Actor::House);
    let of = (&authority(), &room.config.regime, CaseId(Uuid::from_u128(77)));
    let until = "2026-07-01T00:00:00Z".parse().unwrap();
    register::enlist(&house.store, key, of, &someone("Camille"), until, &by, now()).unwrap();
    house
}

/// A certificate for this machine, and the authority that vouches for it: one and the same.
fn certificate(folder: &Path, name: &str) -> (String, String, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let ca = folder.join(name);
    std::fs::write(&ca, made.cert.pem()).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem(), ca)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_asks_over_tls_and_hears_yes_or_no_from_the_one_authority_it_pinned() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://{}/v1/autorite/register", listener.local_addr().unwrap());
    let provider = SigningKey::from_seed("isp-1", &[5; 32]).unwrap();
    let house = Arc::new(house(folder.path(), &url, &provider));
    let public_key = house.rooms[0].register_key.as_ref().unwrap().public();
    let (chain, key, ca) = certificate(folder.path(), "authority.pem");
    let (_, _, another) = certificate(folder.path(), "another.pem");
    let tls = RustlsConfig::from_pem(chain.into_bytes(), key.into_bytes()).await.unwrap();
    let (handle, router) = (Handle::<SocketAddr>::new(), api::router(house));
    let router = router.layer(axum::Extension(Now(now())));
    let served = axum_server::from_tcp_rustls(listener, tls).unwrap().handle(handle.clone());
    let served = tokio::spawn(served.serve(router.into_make_service()));

    let pinned = RegisterConfig { url, public_key, ca };
    let asked = move |given_name: &'static str, register: RegisterConfig, key: SigningKey| {
        tokio::task::spawn_blocking(move || {
            ask(&someone(given_name), &authority(), &register, &key, now())
        })
    };
    let key = || SigningKey::from_seed("isp-1", &[5; 32]).unwrap();
    for (given_name, barred) in [("Camille", true), ("Claude", false)] {
        let answer = asked(given_name, pinned.clone(), key()).await.unwrap();
        assert_eq!(answer.unwrap(), barred, "{given_name}");
    }
    // Another end of the wire, another key of the register, another key of ours: no answer at all.
    let elsewhere = RegisterConfig { ca: another, ..pinned.clone() };
    assert!(asked("Camille", elsewhere, key()).await.unwrap().is_err());
    let other = entremise_wire::register::RegisterKey::from_seed(&[9; 32]).unwrap().public();
    let replaced = RegisterConfig { public_key: other, ..pinned.clone() };
    assert!(asked("Camille", replaced, key()).await.unwrap().is_err());
    let stranger = SigningKey::from_seed("isp-1", &[6; 32]).unwrap();
    let told = asked("Camille", pinned, stranger).await.unwrap().unwrap_err().to_string();
    assert!(told.contains("does not know our key"), "{told}");
    handle.shutdown();
    served.await.unwrap().unwrap();
}
