//! Screening: every rule on its boundary, by the law of the day.

use entremise_core::notice::{Claim, Class, Clock, Notice, Observation, Source, Transport, Work};
use entremise_core::regime::address::{Use, use_of};
use entremise_core::regime::rules::SenderKind;
use entremise_core::regime::{Regime, embedded, screening};
use entremise_core::rejection::Code;

fn french() -> Regime {
    embedded("fr-graduated-response").unwrap()
}

/// A notice that the French rules of every day accept.
fn notice(fact_at: &str) -> Notice {
    Notice {
        sender_case_id: Some("A-1".into()),
        class: Class::Copyright,
        kind: "p2p".into(),
        observation: Observation { from: fact_at.parse().unwrap(), until: None, clock: None },
        source: Source {
            ip: "8.8.4.4".parse().unwrap(),
            port: Some(51_413),
            transport: Some(Transport::Tcp),
        },
        observer: None,
        protocol: Some("bittorrent".into()),
        pseudonym: None,
        provider_name: Some("Fournisseur d’exemple".into()),
        works: vec![Work { title: Some("Œuvre d’exemple".into()), ..Work::default() }],
        claim: Claim {
            sworn_agent: Some("AG-7".into()),
            standing_declared: true,
            ..Claim::default()
        },
        details: Default::default(),
    }
}

fn codes_by(notice: &Notice, sender: SenderKind, received: &str, regime: &Regime) -> Vec<Code> {
    let received = received.parse().unwrap();
    match screening::screen(notice, sender, received, regime, false) {
        Ok(()) => Vec::new(),
        Err(found) => found.iter().map(|rejection| rejection.code).collect(),
    }
}

fn codes(notice: &Notice, received: &str) -> Vec<Code> {
    codes_by(notice, SenderKind::RightsHolderBody, received, &french())
}

const FACT: &str = "2026-03-01T20:00:00Z";
const SOON: &str = "2026-03-02T08:00:00Z";

/// The codes of a good notice after one change.
fn broken(change: impl FnOnce(&mut Notice)) -> Vec<Code> {
    let mut notice = notice(FACT);
    change(&mut notice);
    codes(&notice, SOON)
}

#[test]
fn a_whole_notice_passes() {
    assert_eq!(codes(&notice(FACT), SOON), []);
}

#[test]
fn a_fact_is_taken_to_the_last_instant_of_its_sixth_month_and_not_after() {
    let fact = notice("2026-01-10T09:00:00Z");
    assert_eq!(codes(&fact, "2026-07-10T21:59:59Z"), []);
    assert_eq!(codes(&fact, "2026-07-10T22:00:00Z"), [Code::TimestampTooOld]);
}

#[test]
fn a_prosecutor_has_twelve_months() {
    let fact = notice("2026-01-10T09:00:00Z");
    let codes = |received| codes_by(&fact, SenderKind::Prosecutor, received, &french());
    assert_eq!(codes("2027-01-10T22:59:59Z"), []);
    assert_eq!(codes("2027-01-10T23:00:00Z"), [Code::TimestampTooOld]);
}

#[test]
fn a_bailiffs_report_is_admitted_since_2022_only() {
    let codes = |fact: &str, received| {
        codes_by(&notice(fact), SenderKind::BailiffReport, received, &french())
    };
    assert_eq!(codes("2021-12-20T09:00:00Z", "2021-12-31T22:59:59Z"), [Code::ClassNotHandled]);
    assert_eq!(codes("2021-12-20T09:00:00Z", "2021-12-31T23:00:00Z"), []);
}

#[test]
fn an_agency_brings_nothing_under_the_french_ladder() {
    let codes = codes_by(&notice(FACT), SenderKind::Agency, SOON, &french());
    assert_eq!(codes, [Code::ClassNotHandled]);
}

#[test]
fn a_retraction_is_never_too_old() {
    let mut late = notice("2026-01-10T09:00:00Z");
    late.claim.retraction = true;
    assert_eq!(codes(&late, "2026-12-10T09:00:00Z"), []);
}

#[test]
fn a_clock_may_be_five_minutes_ahead_and_no_more() {
    assert_eq!(codes(&notice("2026-03-02T08:05:00Z"), SOON), []);
    assert_eq!(codes(&notice("2026-03-02T08:05:01Z"), SOON), [Code::TimestampInFuture]);
}

#[test]
fn an_observation_that_lasts_into_the_future_is_rejected() {
    let until =
        |instant: &str| broken(|notice| notice.observation.until = Some(instant.parse().unwrap()));
    assert_eq!(until("2026-03-02T08:05:00Z"), []);
    assert_eq!(until("2026-03-02T08:05:01Z"), [Code::TimestampInFuture]);
}

#[test]
fn an_observation_that_ends_before_it_begins_is_rejected() {
    let codes = broken(|notice| {
        notice.observation.until = Some("2026-03-01T19:59:59Z".parse().unwrap());
    });
    assert_eq!(codes, [Code::TimestampInvalid]);
}

#[test]
fn the_port_is_demanded_by_the_day_of_the_fact_not_of_the_receipt() {
    let without = |fact: &str| {
        let mut notice = notice(fact);
        notice.source.port = None;
        codes(&notice, "2022-01-05T09:00:00Z")
    };
    // 22:59:59 UTC is the last second of 2021 in Paris.
    assert_eq!(without("2021-12-31T22:59:59Z"), []);
    assert_eq!(without("2021-12-31T23:00:00Z"), [Code::PortMissing]);
}

#[test]
fn port_zero_is_no_port() {
    assert_eq!(broken(|notice| notice.source.port = Some(0)), [Code::PortMissing]);
}

#[test]
fn a_fact_from_before_the_regime_is_too_old() {
    assert_eq!(
        codes(&notice("2010-10-13T20:00:00Z"), "2010-10-20T08:00:00Z"),
        [Code::TimestampTooOld]
    );
    assert_eq!(codes(&notice("2010-10-13T22:00:00Z"), "2010-10-20T08:00:00Z"), []);
}

#[test]
fn another_class_is_not_handled() {
    assert_eq!(broken(|notice| notice.class = Class::Infrastructure), [Code::ClassNotHandled]);
}

#[test]
fn each_field_of_annex_1_is_demanded() {
    assert_eq!(broken(|notice| notice.protocol = None), [Code::FieldMissing]);
    assert_eq!(broken(|notice| notice.provider_name = Some(" ".into())), [Code::FieldMissing]);
    assert_eq!(broken(|notice| notice.works.clear()), [Code::FieldMissing]);
    assert_eq!(broken(|notice| notice.claim.sworn_agent = None), [Code::AttestationMissing]);
    assert_eq!(broken(|notice| notice.claim.standing_declared = false), [Code::AttestationMissing]);
}

#[test]
fn a_file_name_alone_names_no_work() {
    let codes = broken(|notice| {
        notice.works = vec![Work { file_name: Some("a.mkv".into()), ..Work::default() }];
    });
    assert_eq!(codes, [Code::FieldMissing]);
}

#[test]
fn all_that_must_be_corrected_is_named_at_once() {
    let codes = broken(|notice| {
        notice.source.port = None;
        notice.claim.standing_declared = false;
        notice.source.ip = "10.0.0.1".parse().unwrap();
    });
    assert_eq!(codes, [Code::AddressReserved, Code::PortMissing, Code::AttestationMissing]);
}

#[test]
fn a_rejection_repeats_nothing_of_what_was_sent() {
    let mut private = notice(FACT);
    private.source.ip = "10.11.12.13".parse().unwrap();
    let received = SOON.parse().unwrap();
    let found =
        screening::screen(&private, SenderKind::RightsHolderBody, received, &french(), false);
    assert!(!found.unwrap_err()[0].to_string().contains("10.11.12.13"));
}

#[test]
fn addresses_nobody_can_hold_are_rejected_and_their_neighbours_are_not() {
    let reserved = [
        "0.255.255.255",
        "10.0.0.0",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "169.254.1.1",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "64:ff9b::1",
        "fe80::1",
        "fc00::1",
        "fdff::1",
        "ff02::1",
        "2001:0:1::",
        "2002::1",
    ];
    for address in reserved {
        assert_eq!(use_of(address.parse().unwrap()), Use::Reserved, "{address}");
    }
    let public = [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "2001:200::1",
        "2a01:e00::1",
    ];
    for address in public {
        assert_eq!(use_of(address.parse().unwrap()), Use::Public, "{address}");
    }
}

#[test]
fn documentation_addresses_pass_only_where_everything_is_a_specimen() {
    let all = ["192.0.2.1", "198.51.100.255", "203.0.113.7", "2001:db8::1", "3fff:fff::1"];
    for address in all {
        let mut example = notice(FACT);
        example.source.ip = address.parse().unwrap();
        let screen = |specimen| {
            let received = SOON.parse().unwrap();
            let sender = SenderKind::RightsHolderBody;
            screening::screen(&example, sender, received, &french(), specimen)
        };
        assert_eq!(screen(true), Ok(()), "{address}");
        assert_eq!(screen(false).unwrap_err()[0].code, Code::AddressReserved, "{address}");
    }
    let mut private = notice(FACT);
    private.source.ip = "192.168.1.1".parse().unwrap();
    let received = SOON.parse().unwrap();
    let sender = SenderKind::RightsHolderBody;
    assert!(screening::screen(&private, sender, received, &french(), true).is_err());
}

#[test]
fn the_specimen_act_demands_transport_mandate_and_a_qualified_clock() {
    let regime = embedded("xx-specimen").unwrap();
    let mut whole = notice(FACT);
    whole.claim.mandate = Some("M-1".into());
    let clock = |error| Some(Clock { source: "ntp".into(), offset_ms: None, max_error_ms: error });
    whole.observation.clock = clock(Some(1_000));
    let codes = |notice: &Notice| codes_by(notice, SenderKind::Agency, SOON, &regime);
    assert_eq!(codes(&whole), []);

    let mut broken = whole.clone();
    broken.source.transport = None;
    assert_eq!(codes(&broken), [Code::TransportMissing]);
    let mut broken = whole.clone();
    broken.claim.mandate = None;
    assert_eq!(codes(&broken), [Code::MandateMissing]);
    let mut broken = whole.clone();
    broken.observation.clock = clock(None);
    assert_eq!(codes(&broken), [Code::ClockUnqualified]);
    broken.observation.clock = clock(Some(1_001));
    assert_eq!(codes(&broken), [Code::ClockUnqualified]);
}
