//! The oversight desk's pages over a real store: who may see them, what they show, what they enter.

use crate::oversight_world::{
    OFFICER_SECRET, OVERSEER_SECRET, World, at, authority, named, people, web,
};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use entremise_core::ledger::Leaf;
use entremise_server::oversight::Figures;
use entremise_server::web::office_router;
use jiff::SignedDuration;
use jiff::civil::Date;
use tower_service::Service as _;

/// By which text the auditor looks.
const BASIS: &str = "Texte SPECIMEN, art. 9";

struct Desk {
    world: World,
    router: Router,
    cookie: String,
}

fn desk(world: World, secret: &str) -> Desk {
    let router = office_router(web(&world.store), people()).unwrap();
    let mut desk = Desk { world, router, cookie: String::new() };
    let signed_in = desk.post("/en/sign-in", &[("secret", secret)]);
    assert_eq!(signed_in.status, StatusCode::SEE_OTHER);
    desk.cookie = signed_in.cookie;
    desk
}

struct Answer {
    status: StatusCode,
    location: String,
    cookie: String,
    text: String,
}

impl Desk {
    fn send(&mut self, request: Request<Body>) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let response: Response<Body> = runtime.block_on(self.router.call(request)).unwrap();
        let status = response.status();
        let head = |name| {
            let value = response.headers().get(name);
            value.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let location = head(header::LOCATION);
        let cookie = head(header::SET_COOKIE).split(';').next().unwrap_or_default().to_owned();
        let body = axum::body::to_bytes(response.into_body(), 1 << 22);
        let text = String::from_utf8(runtime.block_on(body).unwrap().to_vec()).unwrap();
        Answer { status, location, cookie, text }
    }

    fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        self.send(request.body(Body::empty()).unwrap())
    }

    fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.join("&"))).unwrap())
    }

    fn kinds(&self) -> Vec<String> {
        let store = &self.world.store;
        let size = store.ledger_size(&authority()).unwrap() as usize;
        let leaves = store.ledger_leaves(&authority(), 0, size).unwrap();
        let kind = |bytes: &Vec<u8>| serde_json::from_slice::<Leaf>(bytes).unwrap().kind;
        leaves.iter().map(kind).collect()
    }

    /// Draws five notices of June; yields the sample's address.
    fn drawn(&mut self) -> String {
        let token = token(&self.get("/en/oversight/samples").text, "Draw and enter");
        let drawn = self.post(
            "/en/oversight/samples",
            &[
                ("seed", "42 dice rolls"),
                ("first", "2026-06-01"),
                ("last", "2026-06-30"),
                ("size", "5"),
                ("legal_basis", BASIS),
                ("token", &token),
            ],
        );
        assert_eq!(drawn.status, StatusCode::SEE_OTHER, "{}", drawn.text);
        drawn.location
    }
}

fn encoded(text: &str) -> String {
    entremise_server::web::place::encoded(text)
}

/// The token of the form that ends with this button.
fn token(page: &str, button: &str) -> String {
    let form = page.split("<form").find(|form| form.contains(button)).expect("the form is there");
    let value = form.split("name=\"token\" value=\"").nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}

#[test]
fn a_person_with_another_role_gets_403_in_both_directions() {
    let world = World::empty(at("2026-01-05T08:00:00Z"));
    let mut officer = desk(world, OFFICER_SECRET);
    for path in [
        "/fr/controle",
        "/en/oversight",
        "/en/oversight/report.csv",
        "/fr/controle/rapport.json",
        "/en/oversight/samples",
        "/en/oversight/samples/00000000-0000-0000-0000-000000000000/1",
    ] {
        assert_eq!(officer.get(path).status, StatusCode::FORBIDDEN, "{path}");
    }
    let before = officer.kinds();
    let drawn = officer.post("/en/oversight/samples", &[("seed", "12345678"), ("size", "5")]);
    assert_eq!(drawn.status, StatusCode::FORBIDDEN);
    assert_eq!(officer.kinds(), before);
    let mut overseer = desk(officer.world, OVERSEER_SECRET);
    for path in ["/fr/bureau", "/en/office", "/en/office/case/2026-000001-4"] {
        assert_eq!(overseer.get(path).status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(overseer.get("/en/oversight").status, StatusCode::OK);
    overseer.cookie = String::new();
    assert_eq!(overseer.get("/en/oversight").status, StatusCode::SEE_OTHER, "a stranger signs in");
}

#[test]
fn the_page_shows_the_figures_of_its_year_and_the_look_up_that_falls_back() {
    let mut desk = desk(World::year(), OVERSEER_SECRET);
    for (path, alarm) in [
        ("/en/oversight", "one and the same subscriber was named 15 times"),
        ("/fr/controle", "un seul et même abonné a été désigné 15 fois"),
    ] {
        let page = desk.get(path);
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains(alarm), "{}", page.text);
        assert!(!page.text.contains("⟨?⟩"), "every text is there");
    }
    let accepted =
        desk.kinds().iter().filter(|kind| kind.as_str() == "event.notice_accepted").count();
    let shown = format!("<dt>Notices accepted</dt><dd>{accepted}</dd>");
    assert!(desk.get("/en/oversight").text.contains(&shown), "{shown}");
    let before = desk.get("/en/oversight?year=2024");
    assert!(before.text.contains("<dt>Notices accepted</dt><dd>0</dd>"), "{}", before.text);
    for handle_or_file in ["0000000777", "2026-000001"] {
        assert!(!desk.get("/en/oversight").text.contains(handle_or_file));
    }
}

#[test]
fn an_overseer_sees_works_and_hashes_and_neither_address_nor_pseudonym() {
    let mut desk = desk(World::year(), OVERSEER_SECRET);
    let sample = desk.drawn();
    assert!(desk.get(&sample).text.contains("to be checked"));
    let place = format!("{sample}/1");
    let closed = desk.get(&place);
    assert!(!closed.text.contains("Les Heures du port"), "nothing is shown before it is opened");
    let lines = desk.kinds().len();
    let token = token(&closed.text, "Open the evidence");
    let opened = desk.post(&place, &[("open", "yes"), ("token", &token)]);
    assert_eq!(opened.status, StatusCode::OK);
    for shown in ["Les Heures du port", "btih", "M-2026-014"] {
        assert!(opened.text.contains(shown), "{shown}");
    }
    for hidden in ["198.", "Pseudo-Clair", "40000", "N-6"] {
        assert!(!opened.text.contains(hidden), "{hidden}");
    }
    assert_eq!(desk.kinds()[lines..], ["look.audit"]);
    let found = [("finding", "doubtful"), ("remark", "hash_weak"), ("token", &token)];
    let entered = desk.post(&place, &found);
    assert_eq!(entered.status, StatusCode::SEE_OTHER);
    assert!(entered.location.ends_with("?entered=true"));
    let told = desk.get(&entered.location).text;
    assert!(told.contains("Your finding is entered") && told.contains("1 checked"), "{told}");
    assert_eq!(desk.kinds().last().unwrap(), "house.sample_checked");
}

#[test]
fn a_form_of_another_place_or_without_a_choice_enters_nothing() {
    let mut desk = desk(World::year(), OVERSEER_SECRET);
    let sample = desk.drawn();
    let (first, second) = (format!("{sample}/1"), format!("{sample}/2"));
    let token = token(&desk.get(&first).text, "Open the evidence");
    let before = desk.kinds();
    let foreign = desk.post(&second, &[("open", "yes"), ("token", &token)]);
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let nothing = desk.post(&first, &[("token", &token), ("remark", "none")]);
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.text.contains("Choose a finding."));
    for nowhere in [format!("{sample}/0"), format!("{sample}/6"), "/en/oversight/samples/x".into()]
    {
        assert_eq!(desk.get(&nowhere).status, StatusCode::NOT_FOUND, "{nowhere}");
    }
    assert_eq!(desk.kinds(), before);
}

#[test]
fn what_is_wrong_with_a_drawing_is_said_beside_its_field() {
    let mut desk = desk(World::empty(at("2026-01-05T08:00:00Z")), OVERSEER_SECRET);
    let token = token(&desk.get("/fr/controle/echantillons").text, "Tirer et inscrire");
    let mut draw = |seed: &str, first: &str, last: &str, size: &str| {
        let fields = [
            ("seed", seed),
            ("first", first),
            ("last", last),
            ("size", size),
            ("legal_basis", if seed.is_empty() { "" } else { BASIS }),
            ("token", &token),
        ];
        let answer = desk.post("/fr/controle/echantillons", &fields);
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        answer.text
    };
    let of = |field: &str| format!("<li><a href=\"#{field}\">");
    let text = draw("", "hier", "", "beaucoup");
    for field in ["seed", "first", "last", "size", "legal_basis"] {
        assert!(text.contains(&of(field)), "{field}");
    }
    assert!(draw("court", "2026-06-01", "2026-06-30", "5").contains(&of("seed")));
    assert!(draw("assez long", "2026-06-30", "2026-06-01", "5").contains(&of("last")));
    assert!(draw("assez long", "2026-06-01", "2026-06-30", "501").contains(&of("size")));
    assert!(draw("assez long", "2026-06-01", "2026-06-30", "5").contains("Aucun constat"));
    let hostile = draw("\"><script>alert(1)</script>", "x", "x", "x");
    assert!(!hostile.contains("<script>"), "what was typed stays text");
}

#[test]
fn the_report_can_be_taken_away_and_shows_no_small_number() {
    let mut desk = desk(World::year(), OVERSEER_SECRET);
    let csv = desk.get("/en/oversight/report.csv?year=2026");
    assert_eq!(csv.status, StatusCode::OK);
    assert!(csv.text.starts_with("# entremise oversight report v1\r\n# SPECIMEN\r\n"));
    assert!(csv.text.contains("A number from 1 to 4 is not published"));
    let numbers = csv.text.lines().filter(|line| !line.starts_with(['#', 's']));
    let numbers = numbers.filter_map(|line| line.trim().rsplit(',').next()?.parse::<u64>().ok());
    let numbers: Vec<u64> = numbers.collect();
    assert!(numbers.len() > 10 && numbers.iter().all(|n| !(1..5).contains(n)), "{numbers:?}");
    let json = desk.get("/fr/controle/rapport.json?year=2026");
    let json: serde_json::Value = serde_json::from_str(&json.text).unwrap();
    assert_eq!((json["year"].as_i64(), json["whole_year"].as_bool()), (Some(2026), Some(false)));
    let total = json["populations"][0]["total"].as_u64().unwrap();
    let accepted = desk.kinds().iter().filter(|kind| *kind == "event.notice_accepted").count();
    assert_eq!(total, accepted as u64);
}

#[test]
fn a_request_for_leave_that_nobody_answers_is_counted_as_lapsed_under_its_reviewer() {
    let mut world = World::empty(at("2026-06-01T08:00:00Z"));
    for (number, day) in [(1, "2026-06-05"), (2, "2026-07-10"), (4, "2026-08-20")] {
        let day = at(&format!("{day}T09:00:00Z"));
        world.bring(vec![number], day);
        world.answer(day + SignedDuration::from_hours(20), |_| named(1));
        world.decide(day + SignedDuration::from_hours(48), |_| true);
        world.carry(day + SignedDuration::from_hours(51));
    }
    let size = world.store.ledger_size(&authority()).unwrap() as usize;
    let leaves = world.store.ledger_leaves(&authority(), 0, size).unwrap();
    let leaves = leaves.iter().map(|bytes| serde_json::from_slice::<Leaf>(bytes).unwrap());
    let is_fact = |leaf: &Leaf| leaf.kind == "event.fact_established";
    let fact = leaves.rev().find(is_fact).unwrap();
    let case = fact.subject["case:".len()..].parse().unwrap();
    assert_eq!(world.ask_leave(&[case], "magistrat-3", at("2026-08-25T09:00:00Z")), 1);
    world.late(at("2026-10-05T09:00:00Z"));
    let figures = world.store.figures(&authority(), Date::MIN, Date::MAX).unwrap();
    let figures = Figures::new(figures);
    let of = |what: &str| figures.by("review", Some(what), "magistrat-3");
    assert_eq!((of("requested"), of("lapsed"), of("granted"), of("refused")), (1, 1, 0, 0));
    assert_eq!(figures.of("stage.barred", "third_finding"), 1);
    assert_eq!(figures.of("stage.warned", "second"), 1);
    assert_eq!(figures.of("alarm", "review_lapsed"), 1);
    let mut desk = desk(world, OVERSEER_SECRET);
    let row = "<th scope=\"row\">magistrat-3</th><td>1</td><td>0</td><td>0</td><td>1</td>";
    assert!(desk.get("/en/oversight").text.contains(row));
}
