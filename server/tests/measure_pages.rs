//! Measures at the office over a real store: a judgment's measures are entered within the law of
//! its day, one page tells the life of each, and each act rests on a document and on who may enter
//! it.

use crate::defence_world::Got;
use crate::defence_world::{encoded, value_of};
use crate::measure_world::{
    JUDGMENT, Judged, PDF, judged, measures_of, open_measures, transmitted,
};
use crate::oversight_world::{authority, register_key};
use axum::http::StatusCode;
use entremise_core::procedure::measure::{State, Terms};
use entremise_wire::register::Person;

/// What lies sealed and must be on no page that opens nothing.
const SEALED: [&str; 3] = ["Nom-Clair", "198.0.0.", "Heures du port"];

/// What is typed into a form, by the names of its fields.
type Fields<'f> = &'f [(&'f str, &'f str)];

fn entered(got: &Got) {
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert!(got.location.ends_with("?entered=true"), "{}", got.location);
}

fn without<'f>(fields: &[(&'f str, &'f str)], left_out: &[&str]) -> Vec<(&'f str, &'f str)> {
    fields.iter().copied().filter(|(name, _)| !left_out.contains(name)).collect()
}

#[test]
fn a_conviction_is_entered_with_its_measures_and_each_opens_a_case() {
    let mut finding = transmitted();
    let page = finding.get(&format!("{}/contradictoire", finding.path()));
    for offered in ["measure-suspension_counterfeiting", "measure-fine_negligence"] {
        assert!(page.text.contains(offered), "{offered}\n{}", page.text);
    }
    for not in ["fine_suspension_not_applied", "suspension_2009", "suspension_negligence"] {
        assert!(!page.text.contains(not), "{not} is nothing that this judgment can pronounce");
    }
    entered(&finding.enter(&JUDGMENT, PDF));
    assert_eq!(finding.state(), "judged");
    let waiting = finding.get(&finding.path());
    assert!(waiting.text.contains("Le suivi des mesures s’ouvre"), "{}", waiting.text);
    open_measures(&finding);
    assert_eq!(measures_of(&finding).len(), 2);
    let page = finding.get(&finding.path());
    assert!(page.text.contains("Suspension de l’accès pour contrefaçon"), "{}", page.text);
    assert!(page.text.contains("Amende pour négligence caractérisée"), "{}", page.text);
}

#[test]
fn what_the_law_of_the_day_of_the_judgment_does_not_allow_is_told_beside_its_field() {
    let mut finding = transmitted();
    let length = "length-suspension_counterfeiting";
    let wrong: [(&[&str], Fields, &str, &str); 9] = [
        (&[length], &[(length, "400")], "366 jours au plus", "#length-suspension_counterfeiting"),
        (&[length], &[(length, "0")], "nombre entier", "#length-suspension_counterfeiting"),
        (&[length], &[(length, "un mois")], "nombre entier", "#length-suspension_counterfeiting"),
        (
            &["euros-fine_negligence"],
            &[("euros-fine_negligence", "1501")],
            "1\u{202f}500 euros au plus",
            "#euros-fine_negligence",
        ),
        (&["judged_on"], &[("judged_on", "2024-01-16")], "entre la transmission", "#judged_on"),
        (&["judged_on"], &[("judged_on", "2023-05-01")], "entre la transmission", "#judged_on"),
        (&["judged_on"], &[], "Indiquez le jour du jugement", "#judged_on"),
        (&["court"], &[("court", " x ")], "Écrivez le nom de la juridiction", "#court"),
        (&[], &[("no_measure", "yes")], "ne cochez pas les deux", "#measures"),
    ];
    for (left_out, added, said, at) in wrong {
        let mut fields = without(&JUDGMENT, left_out);
        fields.extend(added);
        let got = finding.enter(&fields, PDF);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(got.text.contains(said), "{said}\n{}", got.text);
        assert!(got.text.contains(&format!("href=\"{at}\"")), "{at}\n{}", got.text);
        let field = at.trim_start_matches('#');
        assert!(got.text.contains(&format!("id=\"{field}\"")), "{field} is on the page");
        assert_eq!(finding.state(), "transmitted", "{said}");
    }
    let got = finding.enter(&without(&JUDGMENT, &["judged_on"]), PDF);
    assert!(got.text.contains("value=\"30\""), "what was typed is not lost: {}", got.text);
}

#[test]
fn a_conviction_says_which_measures_or_that_there_is_none_and_nothing_else_pronounces_any() {
    let mut finding = transmitted();
    let bare = [("act", "outcome"), ("outcome", "convicted")];
    let got = finding.enter(&bare, PDF);
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("Cochez ce que le jugement prononce"), "{}", got.text);
    let mut acquitted = without(&JUDGMENT, &["outcome"]);
    acquitted.push(("outcome", "acquitted"));
    let got = finding.enter(&acquitted, PDF);
    assert!(got.text.contains("Seule une condamnation"), "{}", got.text);
    assert_eq!(finding.state(), "transmitted");
    entered(&finding.enter(&[bare[0], bare[1], ("no_measure", "yes")], PDF));
    open_measures(&finding);
    assert!(measures_of(&finding).is_empty());
}

#[test]
fn a_month_is_counted_from_the_judgment_and_a_year_is_not_beyond_the_law() {
    let mut finding = transmitted();
    let length = "length-suspension_counterfeiting";
    let mut fields = without(&JUDGMENT, &[length]);
    fields.extend([(length, "12"), ("unit-suspension_counterfeiting", "months")]);
    entered(&finding.enter(&fields, PDF));
    let terms = finding.file().effects.into_iter().find_map(|row| match row.effect {
        entremise_core::effect::Effect::OpenMeasure { measure, .. } => Some(measure.sentence.terms),
        _ => None,
    });
    // From 12 January 2024: a leap year.
    let expected = [Some(Terms::Suspension { days: 366 }), Some(Terms::Fine { euros: 300 })];
    assert!(expected.contains(&terms), "{terms:?}");
}

#[test]
fn one_page_tells_what_was_pronounced_where_it_stands_and_what_comes_and_why() {
    let mut judged = judged();
    let page = judged.page();
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for said in [
        "Suspension de l’accès pour contrefaçon",
        "un tribunal",
        "30 jours de suspension",
        "téléphone, télévision",
        "Prononcée, pas encore exécutoire",
        "Rien ne s’exécute",
        "lundi 22\u{a0}janvier 2024",
        "règle de service : s’enquérir auprès du greffe",
        "Temps d’appel et certificat du greffe",
        "Une mesure prononcée est suivie",
    ] {
        let plain = page.text.replace("\u{a0}:", " :");
        assert!(page.text.contains(said) || plain.contains(said), "{said}\n{}", page.text);
    }
    let number = judged.finding.file().file_number.unwrap();
    assert!(page.text.contains(&format!("/fr/bureau/dossier/{number}")), "back to the file");
    for sealed in SEALED {
        assert!(!page.text.contains(sealed), "{sealed}");
    }
    let english = judged.finding.get(&format!("/en/office/measure/{}", judged.suspension));
    assert!(english.text.contains("suspension for 30 days"), "{}", english.text);
    // The page of the case is this page.
    let moved = judged.finding.get(&format!("/fr/bureau/dossier/{}", judged.suspension));
    assert_eq!((moved.status, moved.location), (StatusCode::SEE_OTHER, judged.path()));
    let none = judged.finding.get("/fr/bureau/mesure/RG-2099-000000-00");
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[test]
fn the_list_shows_open_measures_by_their_next_deadline_and_those_with_an_alarm_first() {
    let mut judged = judged();
    let list = judged.finding.get("/fr/bureau/mesures");
    assert_eq!(list.text.matches("/fr/bureau/mesure/").count(), 2, "{}", list.text);
    assert!(list.text.contains("Suivent leur cours"), "{}", list.text);
    assert!(!list.text.contains("En alarme"), "{}", list.text);
    // Nobody said within twenty days of the time to appeal whether it is enforceable.
    judged.finding.at("2024-02-14T09:00:00Z");
    judged.finding.late();
    let list = judged.finding.get("/fr/bureau/mesures");
    assert!(list.text.contains("En alarme"), "{}", list.text);
    assert!(list.text.contains("le greffe n’a rien dit"), "{}", list.text);
    let member = judged.finding.as_member("/fr/bureau/mesures");
    assert_eq!(member.status, StatusCode::OK, "a member reads");
    let overseer = judged.finding.as_overseer("/fr/bureau/mesures");
    assert_eq!(overseer.status, StatusCode::FORBIDDEN, "who watches over the house opens no case");
}

#[test]
fn nothing_is_enforceable_while_it_may_be_appealed_and_the_page_says_until_when() {
    let mut judged = judged();
    judged.finding.act_as_other_officer();
    let page = judged.page();
    assert!(page.text.contains("contesté jusqu’au lundi 22\u{a0}janvier 2024"), "{}", page.text);
    let form = judged.finding.get(&format!("{}/executoire", judged.path()));
    assert_eq!(form.status, StatusCode::CONFLICT, "{}", form.text);
    let before = judged.kinds();
    let got = judged.enter("executoire", &[("on", "2024-01-15")], PDF);
    assert_eq!(got.status, StatusCode::FORBIDDEN, "a form without its page is no form");
    assert_eq!(judged.kinds(), before, "and nothing is entered");
}

#[test]
fn whoever_entered_the_judgment_does_not_have_it_carried_out() {
    let mut judged = judged();
    judged.finding.at("2024-01-26T09:00:00Z");
    let page = judged.page();
    assert!(page.text.contains("Vous avez inscrit le jugement"), "{}", page.text);
    let path = format!("{}/executoire", judged.path());
    let refused = judged.finding.get(&path);
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    // Another officer's form, sent by the one who entered the judgment, is no form of theirs; and
    // a form of their own is refused by the rules, whatever it says.
    let own = judged.finding.get(&format!("{}/demande-de-report", judged.path()));
    let got = judged.finding.send_form_of(&own, &path, &[("on", "2024-01-23")], PDF);
    assert_eq!(got.status, StatusCode::FORBIDDEN, "{}", got.text);
    assert_eq!(judged.state(), "pronounced");
    judged.enforceable();
    assert!(judged.documents().iter().any(|name| name.starts_with("certificate-")));
}

#[test]
fn a_member_enters_nothing_about_a_measure() {
    let mut judged = judged();
    judged.finding.at("2024-01-26T09:00:00Z");
    judged.finding.act_as_member();
    let page = judged.page();
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains("Inscrire un acte"), "{}", page.text);
    for act in ["executoire", "demande-de-report", "levee"] {
        let form = judged.finding.get(&format!("{}/{act}", judged.path()));
        assert_eq!(form.status, StatusCode::FORBIDDEN, "{act}");
    }
}

#[test]
fn an_act_needs_its_document_its_day_and_a_form_of_its_own_page() {
    let mut judged = judged();
    let act = "demande-de-report";
    let wrong: [(Fields, &[u8], &str); 5] = [
        (&[("on", "2024-01-14")], b"", "Joignez le document"),
        (&[("on", "2024-01-14")], b"MZ\x90\x00\x03", "ni un PDF"),
        (&[("on", "2024-01-16")], PDF, "ne peut être à venir"),
        (&[("on", "2024-01-11")], PDF, "avant le jugement"),
        (&[("on", "hier")], PDF, "Indiquez le jour"),
    ];
    for (fields, document, said) in wrong {
        let got = judged.enter(act, fields, document);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(got.text.contains(said), "{said}\n{}", got.text);
    }
    let path = format!("{}/{act}", judged.path());
    let page = judged.finding.get(&path);
    let mut forged = judged.finding.get(&path);
    let token = crate::defence_world::value_of(&forged, "token");
    forged.text = forged.text.replace(&token, "x");
    let fields = [("on", "2024-01-14")];
    let got = judged.finding.send_form_of(&forged, &path, &fields, PDF);
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert!(judged.documents().is_empty(), "nothing was kept");
    entered(&judged.enter(act, &fields, PDF));
    // The page that was open before shows another measure than there is now.
    let stale = judged.finding.send_form_of(&page, &path, &fields, PDF);
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text);
    let kinds = judged.kinds();
    assert!(kinds.iter().any(|kind| kind == "event.postponement_requested"), "{kinds:?}");
}

#[test]
fn what_the_law_refuses_is_told_kept_in_the_ledger_and_keeps_no_document() {
    let mut judged = judged();
    // The time to appeal ended on 22 January.
    judged.finding.at("2024-01-26T09:00:00Z");
    let got = judged.enter("appel", &[("on", "2024-01-25")], PDF);
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", got.text);
    assert!(got.text.contains("a fini le lundi 22\u{a0}janvier 2024"), "{}", got.text);
    assert!(judged.kinds().iter().any(|kind| kind == "refusal.too_late"), "{:?}", judged.kinds());
    assert!(judged.documents().is_empty(), "{:?}", judged.documents());
    // An appeal of the last day suspends, however late it is entered.
    entered(&judged.enter("appel", &[("on", "2024-01-22")], PDF));
    assert_eq!(judged.state(), "appealed");
    let page = judged.page();
    assert!(page.text.contains("L’appel suspend tout"), "{}", page.text);
}

#[test]
fn a_judgment_on_appeal_varies_within_the_law_and_begins_the_time_anew() {
    let mut judged = judged();
    entered(&judged.enter("appel", &[("on", "2024-01-15")], PDF));
    judged.finding.at("2024-06-03T09:00:00Z");
    let varied = [("outcome", "varied"), ("on", "2024-05-30")];
    let got = judged.enter("arret", &varied, PDF);
    assert!(got.text.contains("plus grand que zéro"), "{}", got.text);
    let beyond = [varied[0], varied[1], ("amount", "400")];
    let got = judged.enter("arret", &beyond, PDF);
    assert!(got.text.contains("366 jours au plus"), "{}", got.text);
    entered(&judged.enter("arret", &[varied[0], varied[1], ("amount", "10")], PDF));
    assert_eq!(judged.state(), "pronounced");
    assert_eq!(judged.measure().life().unwrap().terms, Terms::Suspension { days: 10 });
    let page = judged.page();
    assert!(page.text.contains("10 jours de suspension"), "{}", page.text);
    assert!(page.text.contains("dimanche 9\u{a0}juin 2024"), "ten days anew: {}", page.text);
    // Whoever entered that judgment does not have it carried out either.
    judged.finding.at("2024-06-20T09:00:00Z");
    let form = judged.finding.get(&format!("{}/executoire", judged.path()));
    assert_eq!(form.status, StatusCode::FORBIDDEN);
}

#[test]
fn a_postponement_lifts_what_is_in_force_and_only_another_act_resumes_it() {
    let mut judged = judged();
    judged.in_force();
    let page = judged.page();
    assert!(page.text.contains("En vigueur"), "{}", page.text);
    let past = [("until", "2024-02-10")];
    let got = judged.enter("report", &past, PDF);
    assert!(got.text.contains("finir un jour à venir"), "{}", got.text);
    entered(&judged.enter("report", &[("until", "2024-06-30")], PDF));
    let State::Postponed { until, .. } = judged.measure() else { panic!("{}", judged.state()) };
    // The last day is a whole one, in Paris.
    assert_eq!(until.to_string(), "2024-06-30T22:00:00Z");
    let page = judged.page();
    assert!(page.text.contains("jamais du calendrier"), "{}", page.text);
    assert!(page.text.contains("dimanche 30\u{a0}juin 2024"), "{}", page.text);
    judged.finding.act_as_officer();
    let form = judged.finding.get(&format!("{}/reprise", judged.path()));
    assert_eq!(form.status, StatusCode::FORBIDDEN, "who entered the judgment");
    judged.finding.act_as_other_officer();
    entered(&judged.enter("reprise", &[], PDF));
    assert_eq!(judged.state(), "ordered");
}

#[test]
fn a_refused_postponement_needs_a_request_and_its_reasons() {
    let mut judged = judged();
    let path = format!("{}/refus-de-report", judged.path());
    assert_eq!(judged.finding.get(&path).status, StatusCode::CONFLICT, "nobody asked");
    entered(&judged.enter("demande-de-report", &[("on", "2024-01-15")], PDF));
    let list = judged.finding.get("/fr/bureau/mesures");
    assert!(list.text.contains("Report demandé"), "{}", list.text);
    let got = judged.enter("refus-de-report", &[], b"");
    assert!(got.text.contains("Écrivez les raisons"), "{}", got.text);
    let reasons = "Aucun motif grave n’est invoqué.";
    entered(&judged.enter("refus-de-report", &[("reasons", reasons)], b""));
    let page = judged.page();
    assert!(!page.text.contains("Aucun motif grave"), "the reasons stay sealed");
    assert!(judged.measure().life().unwrap().request.is_none());
    assert!(judged.documents().iter().any(|name| name.starts_with("postponement-refusal-")));
}

#[test]
fn a_measure_is_followed_to_its_last_day_and_its_life_is_told() {
    let mut judged = judged();
    judged.in_force();
    let window = judged.window();
    judged.at(window.ends_at);
    judged.finding.late();
    assert_eq!(judged.state(), "lifting");
    judged.finding.act_as_other_officer();
    let page = judged.page();
    assert!(page.text.contains("reste à prouver"), "{}", page.text);
    judged.at(window.ends_at + jiff::SignedDuration::from_hours(10));
    judged.finding.act_as_other_officer();
    let day = window.ends_at.to_zoned(jiff::tz::TimeZone::get("Europe/Paris").unwrap()).date();
    entered(&judged.enter("preuve-de-levee", &[("on", &day.to_string())], PDF));
    assert_eq!(judged.state(), "served");
    let page = judged.page();
    assert!(page.text.contains("Plus rien"), "{}", page.text);
    for phase in ["Notification à la personne", "Ordre à l’opérateur", "Levée à prouver"] {
        assert!(page.text.contains(phase), "{phase}\n{}", page.text);
    }
    assert!(!page.text.contains("Inscrire un acte"), "nothing is left to enter");
    let list = judged.finding.get("/fr/bureau/mesures");
    assert_eq!(list.text.matches("/fr/bureau/mesure/").count(), 1, "the fine is still open");
}

#[test]
fn an_act_that_is_let_through_is_a_line_of_the_log_of_decisions() {
    let mut judged = judged();
    judged.finding.at("2024-01-26T09:00:00Z");
    entered(&judged.enter("demande-de-report", &[("on", "2024-01-20")], PDF));
    let log = judged.finding.as_overseer("/fr/controle/decisions");
    assert!(log.text.contains(&format!("measure:{}", judged.suspension)), "{}", log.text);
    assert!(log.text.contains("officer-follows-measures"), "{}", log.text);
}

/// Sends the form of the register as a browser does.
fn enlist(judged: &mut Judged, fields: &[(&str, &str)]) -> Got {
    let path = format!("{}/repertoire", judged.path());
    let page = judged.finding.get(&path);
    let hidden = ["version", "token"].map(|name| (name, value_of(&page, name)));
    let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
    let body: Vec<String> = hidden
        .chain(fields.iter().copied())
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    let kind = "application/x-www-form-urlencoded";
    judged.finding.post(&path, kind, body.join("&").into_bytes())
}

const NAMED: [(&str, &str); 4] = [
    ("family_name", "Nom-Clair"),
    ("given_name", "Camille, Dominique"),
    ("born_on", "1980-01-31"),
    ("born_in", "2a004"),
];

#[test]
fn who_is_suspended_is_put_on_the_register_and_struck_when_the_measure_is_put_off() {
    let mut judged = judged();
    let path = format!("{}/repertoire", judged.path());
    let early = judged.finding.get(&path).status;
    assert_eq!(early, StatusCode::CONFLICT, "nobody is barred before the order");
    judged.in_force();
    let page = judged.page();
    assert!(page.text.contains("La personne n’y est pas inscrite"), "{}", page.text);
    // The last day is the measure's own, on the page and on the form.
    let form = judged.finding.get(&path);
    for page in [&page, &form] {
        assert!(page.text.contains("jusqu’au mercredi 20\u{a0}mars 2024 inclus"), "{}", page.text);
    }
    for (field, bad) in
        [("family_name", "--"), ("given_name", ""), ("born_on", "2999-01-01"), ("born_in", "Paris")]
    {
        let fields: Vec<_> = NAMED
            .iter()
            .map(|(name, value)| (*name, if *name == field { bad } else { *value }))
            .collect();
        let got = enlist(&mut judged, &fields);
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(got.text.contains(&format!("href=\"#{field}\"")), "{field}: {}", got.text);
    }
    let store = judged.finding.world.store.clone();
    assert!(store.suspended(&authority()).unwrap().is_empty(), "nobody is on it by a mistake");
    entered(&enlist(&mut judged, &NAMED));
    let rows = store.suspended(&authority()).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].case, rows[0].ends_at), (judged.suspension, judged.window().ends_at));
    let person = Person {
        family_name: "NOM CLAIR".to_owned(),
        given_name: "camille".to_owned(),
        born_on: "1980-01-31".parse().unwrap(),
        born_in: "2A004".to_owned(),
    };
    let tags = store.suspended_tags(&authority(), judged.finding.now()).unwrap();
    assert!(tags.contains(&register_key().tag(&person).unwrap()), "it is that person");
    let page = judged.page();
    assert!(page.text.contains("La personne y est inscrite jusqu’au"), "{}", page.text);
    assert!(!page.text.contains("Clair") && !page.text.contains("1980"), "nobody is named");
    // Whoever waits is not barred meanwhile.
    entered(&judged.enter("report", &[("until", "2024-06-30")], PDF));
    assert_eq!(store.strike_ended(judged.finding.now()).unwrap(), 1);
    assert!(store.suspended(&authority()).unwrap().is_empty());
    assert!(!judged.page().text.contains("inscrite jusqu"), "{}", judged.page().text);
}
