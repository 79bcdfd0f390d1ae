//! A judgment's measures as the person concerned meets them on the portal: what was decided, what
//! works still, from when to when; a postponement asked for, an appeal declared.

use crate::measure_world::{PDF, judged};
use crate::oversight_world::authority;
use crate::portal_world::{FILE, Got, Visitors};
use axum::http::StatusCode;
use entremise_core::case::State as CaseState;
use entremise_core::id::CaseId;
use entremise_core::procedure::measure::State;
use entremise_store::WhyErased;

const MINE: &str = "Je passe un examen en ligne le 2 juin.";
/// The suspension among the measures of the file: the second is the fine, or the other way round.
fn place(visitors: &mut Visitors, cookie: &str, title: &str) -> usize {
    let page = visitors.get(FILE, cookie);
    let at = page.text.find(&format!(">{title}</h2>")).expect("the measure is on the page");
    page.text[..at].matches("<h2 id=\"measure-").count()
}

const SUSPENSION: &str = "Suspension de l’accès pour contrefaçon";

fn state(visitors: &Visitors, case: CaseId) -> State {
    let CaseState::Measure(state) = visitors.file(case).case.state else { panic!() };
    state
}

fn sent(got: &Got) -> String {
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert!(got.location().starts_with("/fr/mon-dossier/accuse/"), "{}", got.location());
    got.location().to_owned()
}

#[test]
fn a_person_reads_what_was_decided_and_is_no_longer_told_that_nobody_convicted_them() {
    let mut visitors = judged().visitors();
    let cookie = visitors.open(visitors.finding.case);
    let page = visitors.get(FILE, &cookie);
    for said in [
        SUSPENSION,
        "30 jours de suspension, par un tribunal (tribunal judiciaire de Spécimen), vendredi \
         12\u{a0}janvier 2024",
        "Amende pour négligence caractérisée",
        "300 euros d’amende",
        "Rien n’est exécuté pour l’instant",
        "lundi 22\u{a0}janvier 2024",
        "est le dernier jour pour faire appel",
        "votre téléphone et votre télévision",
        "Une amende se paie au Trésor public",
    ] {
        assert!(page.text.contains(said), "{said}\n{}", page.text);
    }
    for not in ["Vous n’êtes pas condamné", "Il n’y a rien à payer", "isp-", "Nom-Clair"] {
        assert!(!page.text.contains(not), "{not}\n{}", page.text);
    }
    let english = visitors.get("/en/my-file", &cookie);
    assert!(english.text.contains("is the last day to appeal"), "{}", english.text);
}

#[test]
fn the_days_of_a_suspension_that_is_ordered_and_in_force_stand_in_the_persons_file() {
    let mut judged = judged();
    judged.in_force();
    let mut visitors = judged.visitors();
    let cookie = visitors.open(visitors.finding.case);
    let page = visitors.get(FILE, &cookie);
    assert!(page.text.contains("C’est en cours."), "{}", page.text);
    assert!(page.text.contains("du mardi 20\u{a0}février 2024 au mercredi 20\u{a0}mars 2024"));
    assert!(page.text.contains("Ensuite, votre accès revient"), "{}", page.text);
    assert!(!page.text.contains("Dire que je fais appel"), "its time is over");
}

#[test]
fn a_postponement_is_asked_for_with_reasons_and_acknowledged_and_asked_for_once() {
    let judged = judged();
    let suspension = judged.suspension;
    let mut visitors = judged.visitors();
    let cookie = visitors.open(visitors.finding.case);
    let at = place(&mut visitors, &cookie, SUSPENSION);
    let act = format!("mesure/{at}/report");
    let bare = visitors.send(&act, &cookie, &[], PDF);
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bare.text.contains("pourquoi vous demandez ce report"), "{}", bare.text);
    let place = sent(&visitors.send(&act, &cookie, &[("text", MINE)], PDF));
    let page = visitors.get(&place, &cookie);
    assert!(page.text.contains("Votre demande de report"), "{}", page.text);
    assert!(page.text.contains("transmettons votre demande à l’autorité judiciaire"));
    assert!(page.text.contains("vous devez avoir une réponse"), "{}", page.text);
    assert!(!page.text.contains("examen en ligne"), "the text itself stays sealed");
    let receipt = visitors.get(&place.replace("accuse", "recu"), &cookie);
    assert_ne!(receipt.status, StatusCode::NOT_FOUND, "{}", receipt.text);
    let request = state(&visitors, suspension).life().unwrap().request.clone().unwrap();
    assert!(page.text.contains(request.document.as_str()));
    let kept = visitors.documents(suspension);
    let of_request = kept.iter().filter(|name| name.starts_with("postponement-request-"));
    assert_eq!(of_request.count(), 2, "the text and the document: {kept:?}");
    let lines = visitors.lines(suspension);
    assert!(lines.contains(&("event.postponement_requested".into(), "concerned".into())));
    let again = visitors.get(&format!("{FILE}/{act}"), &cookie);
    assert_eq!(again.status, StatusCode::CONFLICT, "one request lies open");
    let mine = visitors.get(FILE, &cookie);
    assert!(mine.text.contains("Votre demande de report"), "{}", mine.text);
}

#[test]
fn a_refusal_is_read_with_its_reasons_and_the_look_is_entered_before() {
    let judged = judged();
    let (suspension, office) = (judged.suspension, judged.path());
    let mut visitors = judged.visitors();
    let cookie = visitors.open(visitors.finding.case);
    let at = place(&mut visitors, &cookie, SUSPENSION);
    sent(&visitors.send(&format!("mesure/{at}/report"), &cookie, &[("text", MINE)], b""));
    let reasons = "Aucun motif grave n’est invoqué. SPECIMEN";
    let path = format!("{office}/refus-de-report");
    let got = visitors.finding.send_form(&path, &[("reasons", reasons)], b"");
    assert!(got.location.ends_with("?entered=true"), "{}", got.text);
    let page = visitors.get(FILE, &cookie);
    assert!(page.text.contains("Le report que vous avez demandé est refusé"), "{}", page.text);
    assert!(!page.text.contains("motif grave"));
    let entry = visitors
        .file(suspension)
        .history
        .iter()
        .rev()
        .find_map(|line| (line.kind == "event.postponement_refused").then_some(line.seq));
    let answer = format!("{FILE}/reponse/{}", entry.unwrap());
    let (_, rest) = page.text.split_once(&format!("action=\"{answer}\"")).unwrap();
    let token = rest.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    let looks = |visitors: &Visitors| {
        let looks = ("look.rights".to_owned(), "concerned".to_owned());
        visitors.lines(suspension).into_iter().filter(|line| *line == looks).count()
    };
    assert_eq!(looks(&visitors), 0);
    let read = visitors.post(&answer, &cookie, &format!("token={token}"));
    assert!(read.text.contains(reasons), "{}", read.text);
    assert_eq!(looks(&visitors), 1);
    let postponed = format!("{FILE}/mesure/{at}/report");
    assert_eq!(visitors.get(&postponed, &cookie).status, StatusCode::OK, "ask again with more");
}

#[test]
fn an_appeal_in_time_suspends_everything_and_one_that_is_late_cannot_be_declared() {
    let judged = judged();
    let suspension = judged.suspension;
    let mut visitors = judged.visitors();
    let cookie = visitors.open(visitors.finding.case);
    let at = place(&mut visitors, &cookie, SUSPENSION);
    let act = format!("mesure/{at}/appel");
    let form = visitors.get(&format!("{FILE}/{act}"), &cookie);
    assert!(form.text.contains("Le dire ici ne remplace pas le greffe"), "{}", form.text);
    let place = sent(&visitors.send(&act, &cookie, &[("text", "Je fais appel.")], b""));
    let page = visitors.get(&place, &cookie);
    assert!(page.text.contains("Votre appel"), "{}", page.text);
    assert_eq!(state(&visitors, suspension).name(), "appealed");
    let page = visitors.get(FILE, &cookie);
    assert!(page.text.contains("Votre appel suspend tout"), "{}", page.text);
    // Of the fine the time is over.
    visitors.at("2024-01-23T08:00:00Z");
    let cookie = visitors.open(visitors.finding.case);
    let other = format!("{FILE}/mesure/{}/appel", 3 - at);
    assert_eq!(visitors.get(&other, &cookie).status, StatusCode::CONFLICT);
}

#[test]
fn no_form_reaches_a_measure_of_another_file_or_of_another_place() {
    let judged = judged();
    let suspension = judged.suspension;
    let mut visitors = judged.visitors();
    let cookie = visitors.open(visitors.finding.case);
    for act in ["mesure/0/report", "mesure/3/report", "mesure/x/report", "mesure/1/levee"] {
        let path = format!("{FILE}/{act}");
        let got = visitors.get(&path, &cookie);
        assert!(got.status.is_client_error(), "{act}: {}", got.status);
        let got = visitors.send_with(&path, &cookie, "x", &[("text", MINE)], b"");
        assert!(got.status.is_client_error(), "{act}: {}", got.status);
    }
    // A token of the one measure's form opens no other's.
    let at = place(&mut visitors, &cookie, SUSPENSION);
    let token = visitors.get(&format!("{FILE}/mesure/{at}/report"), &cookie).value_of("token");
    let other = format!("{FILE}/mesure/{}/report", 3 - at);
    let got = visitors.send_with(&other, &cookie, &token, &[("text", MINE)], b"");
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert!(visitors.lines(suspension).iter().all(|(_, actor)| actor != "concerned"));
}

#[test]
fn number_and_code_open_the_measure_after_its_file_was_erased() {
    let mut judged = judged();
    judged.in_force();
    let suspension = judged.suspension;
    let mut visitors = judged.visitors();
    // What is kept of a judged file goes two months after its judgment.
    visitors.at("2024-03-16T08:00:00Z");
    visitors.finding.late();
    let (store, case) = (&visitors.finding.world.store, visitors.finding.case);
    let by = entremise_core::ledger::Actor::House;
    store.erase(&authority(), case, WhyErased::TimeIsOver, &by, visitors.finding.now()).unwrap();
    assert!(
        visitors
            .mine()
            .history
            .iter()
            .all(|line| { line.body.is_none() || line.kind == "house.erasure" })
    );
    let cookie = visitors.open(case);
    let page = visitors.get(FILE, &cookie);
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains(SUSPENSION) && page.text.contains("C’est en cours."));
    let act = format!("mesure/{}/report", place(&mut visitors, &cookie, SUSPENSION));
    sent(&visitors.send(&act, &cookie, &[("text", MINE)], b""));
    assert!(state(&visitors, suspension).life().unwrap().request.is_some());
}
