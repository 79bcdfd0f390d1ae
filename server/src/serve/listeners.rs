//! The doors: senders' API, operator's metrics, and for each authority its public and office pages.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::{Context, bail};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use entremise_core::authorisation::PublicKey;
use entremise_core::deadline::Words;
use entremise_core::id::{AuthorityId, PersonId};

use super::Clock;
use crate::access::{Federation, Role, Seat};
use crate::config::{self, Authority, Config, PartiesDoor, PartyPerson, Tls};
use crate::house::{House, Room};
use crate::web::absence::over_store::Absences;
use crate::web::decision_log::StoreDecisions;
use crate::web::defence::over_store::StoreDefence;
use crate::web::defence::statement::MemberKey;
use crate::web::measure::over_store::StoreMeasures;
use crate::web::message::over_store::Messages;
use crate::web::operator::HouseOperator;
use crate::web::oversight::StoreOversight;
use crate::web::passkey::Passkeys;
use crate::web::portal::over_store::StorePortal;
use crate::web::provider::HouseProvider;
use crate::web::review::over_store::StoreReviewDesk;
use crate::web::rights::over_store::StoreRights;
use crate::web::sender::HouseSender;
use crate::web::store_desk::StoreDesk;
use crate::web::{self, Known, OfficeRole, Sides, Web};
use crate::{api, telemetry};

/// Where the doors really opened.
#[derive(Clone, Debug)]
pub struct Doors {
    pub api: SocketAddr,
    pub operator: SocketAddr,
    pub pages: Vec<PageDoors>,
    pub scheme: &'static str,
}

/// One authority's pages.
#[derive(Clone, Debug)]
pub struct PageDoors {
    pub authority: AuthorityId,
    pub public: SocketAddr,
    pub office: SocketAddr,
    /// The reviewers' desk, where there is one.
    pub review: Option<SocketAddr>,
    /// The desks of senders and providers, where there are any.
    pub parties: Option<SocketAddr>,
}

impl Doors {
    /// Says on standard output where the doors are.
    pub fn announce(&self) {
        let scheme = self.scheme;
        println!("senders' API   {scheme}://{}/openapi.json", self.api);
        println!("metrics        {scheme}://{}/metrics", self.operator);
        for pages in &self.pages {
            println!("{}", pages.authority);
            println!("  public       {scheme}://{}/", pages.public);
            println!("  office       {scheme}://{}/", pages.office);
            if let Some(review) = pages.review {
                println!("  review       {scheme}://{review}/");
            }
            if let Some(parties) = pages.parties {
                println!("  parties      {scheme}://{parties}/");
            }
        }
    }
}

/// Binds every door before the first request is answered.
pub(super) async fn open(
    config: &Config,
    house: &Arc<House>,
    clock: &Clock,
) -> anyhow::Result<Doors> {
    let tls = match &config.listen.tls {
        Some(files) => Some(certificate(files).await?),
        None => None,
    };
    let api = door(config.listen.api, stamped(api::router(house.clone()), clock), &tls)?;
    let operator = door(config.listen.operator, telemetry::router(house.clone()), &tls)?;
    let mut pages = Vec::new();
    for room in &house.rooms {
        pages.push(page_doors(house, room, clock, &tls)?);
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    Ok(Doors { api, operator, pages, scheme })
}

type Certificate = axum_server::tls_rustls::RustlsConfig;

async fn certificate(files: &Tls) -> anyhow::Result<Certificate> {
    Certificate::from_pem_file(&files.certificate, &files.key)
        .await
        .with_context(|| format!("the certificate {}", files.certificate.display()))
}

fn page_doors(
    house: &Arc<House>,
    room: &Room,
    clock: &Clock,
    tls: &Option<Certificate>,
) -> anyhow::Result<PageDoors> {
    let config = &room.config;
    let secure = tls.is_some();
    let web = web(house, room, clock, secure);
    let ways = Ways::of(house, config)?;
    let office = house_desks_with(house, room, clock, people(config)?, secure, ways)?;
    let review = match (&config.pages.review, &web.review) {
        (Some(at), Some(reviews)) => {
            let passkeys = Passkeys::at_review(&house.store, &config.id, &at.origin);
            let passkeys = passkeys.map_err(no_randomness)?;
            let pages = web::review_router(web.clone(), reviews.clone(), passkeys);
            Some(door(at.listen, pages.map_err(no_randomness)?, tls)?)
        }
        _ => None,
    };
    let parties = match &config.pages.parties {
        Some(at) => {
            let desks = parties_desks(house, room, clock, party_people(room, at)?, secure)?;
            Some(door(at.listen, desks, tls)?)
        }
        None => None,
    };
    Ok(PageDoors {
        authority: config.id.clone(),
        public: door(config.pages.public, web::public_router(web), tls)?,
        office: door(config.pages.office, office, tls)?,
        review,
        parties,
    })
}

/// What an authority's pages ask.
fn web(house: &Arc<House>, room: &Room, clock: &Clock, secure: bool) -> Web {
    let config = &room.config;
    let name = config.name.get("fr").cloned().unwrap_or_default();
    let reviews: Arc<dyn web::ReviewDesk> = Arc::new(StoreReviewDesk::new(
        house.store.clone(),
        config.id.clone(),
        name.clone(),
        config.reviewers.clone(),
    ));
    let desk = Arc::new(StoreDesk::new(house.clone(), config.id.clone()));
    Web {
        desk: desk.clone(),
        portal: Some(Arc::new(StorePortal::new(desk))),
        review: Some(reviews),
        oversight: Some(Arc::new(StoreOversight::new(
            house.store.clone(),
            config.id.clone(),
            config.regime.clone(),
            name,
            config.specimen,
        ))),
        rights: Some(Arc::new(StoreRights::new(house.store.clone(), config.id.clone()))),
        defence: Some(Arc::new(defence(house, config))),
        measures: Some(Arc::new(
            StoreMeasures::new(house.store.clone(), config.id.clone())
                .with_register(room.register_key.clone()),
        )),
        authority: web::Authority {
            name: names(&config.name),
            email: config.contact.email.clone(),
            post: config.contact.postal.clone(),
            origin: config.pages.origin.clone(),
            security_contact: config.pages.security_contact.clone(),
        },
        clock: clock.clone(),
        secure,
    }
}

/// The desks of the house for these people: office, members, oversight, operators.
///
/// # Errors
/// The system has no randomness to give.
pub fn house_desks(
    house: &Arc<House>,
    room: &Room,
    clock: &Clock,
    people: Vec<Known>,
    secure: bool,
) -> anyhow::Result<Router> {
    house_desks_with(house, room, clock, people, secure, Ways::default())
}

/// How people of the house may come in, besides by a secret.
#[derive(Default)]
pub struct Ways {
    pub federation: Option<Arc<Federation>>,
    pub passkeys: Option<Arc<Passkeys>>,
}

impl Ways {
    fn of(house: &House, config: &Authority) -> anyhow::Result<Self> {
        let federation = config.pages.sign_in.as_ref().map(Federation::new).transpose()?;
        let at = |origin: &String| Passkeys::at_office(&house.store, &config.id, origin);
        let passkeys = config.pages.office_origin.as_ref().map(at).transpose();
        let passkeys = passkeys.map_err(no_randomness)?;
        Ok(Self { federation: federation.map(Arc::new), passkeys: passkeys.map(Arc::new) })
    }
}

/// The same, where people of the house may come in by other ways than a secret.
///
/// # Errors
/// The system has no randomness to give.
pub fn house_desks_with(
    house: &Arc<House>,
    room: &Room,
    clock: &Clock,
    people: Vec<Known>,
    secure: bool,
    ways: Ways,
) -> anyhow::Result<Router> {
    let web = web(house, room, clock, secure);
    let Ways { federation, passkeys } = ways;
    let sides = Sides { federation, passkeys, ..sides(house, room) };
    web::house_router(web, people, sides).map_err(no_randomness)
}

/// The desks of senders and providers for these people.
///
/// # Errors
/// The system has no randomness to give.
pub fn parties_desks(
    house: &Arc<House>,
    room: &Room,
    clock: &Clock,
    people: Vec<Known>,
    secure: bool,
) -> anyhow::Result<Router> {
    let web = web(house, room, clock, secure);
    web::parties_router(web, people, sides(house, room)).map_err(no_randomness)
}

fn sides(house: &Arc<House>, room: &Room) -> Sides {
    let id = &room.config.id;
    Sides {
        decisions: Arc::new(StoreDecisions::new(house.store.clone(), id.clone())),
        absences: Some(Arc::new(Absences::new(house.store.clone(), id.clone()))),
        messages: Some(Arc::new(Messages::new(house.store.clone(), id.clone()))),
        operator: Some(Arc::new(HouseOperator::new(house.clone(), id.clone()))),
        sender: Some(Arc::new(HouseSender::new(house.clone(), id.clone()))),
        provider: Some(Arc::new(HouseProvider::new(house.clone(), id.clone()))),
        ..Sides::default()
    }
}

fn no_randomness(_: ring::error::Unspecified) -> anyhow::Error {
    anyhow::anyhow!("the system has no randomness for session keys")
}

/// Who may come in at the house's own desks.
fn people(config: &Authority) -> anyhow::Result<Vec<Known>> {
    let person = |officer: &config::Officer| {
        let seat = Seat { person: officer.id.clone(), role: officer.role.role(), party: None };
        let secret_sha256 = match officer.secret_sha256.as_str() {
            "" => None,
            digest => Some(secret(&officer.id, digest)?),
        };
        let (subject, has_passkey) = (officer.subject.clone(), officer.passkey);
        let signs_with_passkey = officer.signing_passkey;
        Ok(Known { seat, secret_sha256, subject, has_passkey, signs_with_passkey })
    };
    config.officers.iter().map(person).collect()
}

/// Who may come in for a sender or a provider. Which of the two it is says the party's own entry.
fn party_people(room: &Room, at: &PartiesDoor) -> anyhow::Result<Vec<Known>> {
    let person = |person: &PartyPerson| {
        let provides = room.providers.iter().any(|provider| provider.config.id == person.party);
        let role = match (room.sender(&person.party).is_some(), provides) {
            (true, _) => Role::Sender,
            (false, true) => Role::Provider,
            (false, false) => bail!("person {}: there is no party {}", person.id, person.party),
        };
        let party = Some(person.party.clone());
        let secret_sha256 = Some(secret(&person.id, &person.secret_sha256)?);
        let seat = Seat { person: person.id.clone(), role, party };
        let (has_passkey, signs_with_passkey) = (false, false);
        Ok(Known { seat, secret_sha256, subject: None, has_passkey, signs_with_passkey })
    };
    at.people.iter().map(person).collect()
}

fn secret(person: &PersonId, secret_sha256: &str) -> anyhow::Result<[u8; 32]> {
    let digest = hex::decode(secret_sha256).ok().and_then(|bytes| bytes.try_into().ok());
    digest.with_context(|| format!("person {person}: secret_sha256 is 64 digits"))
}

/// The authority's name in both languages; in the one there is, where there is only one.
fn names(given: &BTreeMap<String, String>) -> Words {
    let name = |lang: &str| given.get(lang).or_else(|| given.values().next()).cloned();
    Words { fr: name("fr").unwrap_or_default(), en: name("en").unwrap_or_default() }
}

/// Gives every request the instant of its arrival.
fn stamped(router: Router, clock: &Clock) -> Router {
    let clock = clock.clone();
    router.layer(from_fn(move |mut request: Request, next: Next| {
        request.extensions_mut().insert(api::Now(clock()));
        next.run(request)
    }))
}

/// Opens one door and serves behind it until the runtime stops.
fn door(
    address: SocketAddr,
    router: Router,
    tls: &Option<Certificate>,
) -> anyhow::Result<SocketAddr> {
    let listener =
        TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    let bound = listener.local_addr()?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    match tls {
        Some(certificate) => {
            let server = axum_server::from_tcp_rustls(listener, certificate.clone())?;
            tokio::spawn(server.serve(service));
        }
        None => {
            let server = axum_server::from_tcp(listener)?;
            tokio::spawn(server.serve(service));
        }
    }
    Ok(bound)
}

/// The person's side, with the keys by which members sign what they decide.
fn defence(house: &House, config: &config::Authority) -> StoreDefence {
    let keys = config.officers.iter().flat_map(|officer| {
        officer.keys.iter().map(|key| MemberKey {
            member: officer.id.clone(),
            id: key.id.clone(),
            key: PublicKey::Ed25519 { public_key: key.public_key.clone() },
        })
    });
    let with_passkey =
        config.officers.iter().filter(|officer| officer.passkey || officer.signing_passkey);
    let members = with_passkey.filter(|officer| officer.role == OfficeRole::Member);
    StoreDefence::new(house.store.clone(), config.id.clone(), keys.collect())
        .signed_with_passkeys(members.map(|member| member.id.clone()).collect())
}
