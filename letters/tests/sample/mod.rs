//! A made-up letter that the tests fill in and break.

pub mod seal;
pub mod transmission;

use entremise_letters::address::PostalAddress;
use entremise_letters::{
    Answer, Authority, Deadline, Fact, Language, LetterData, Outcome, Template,
};
use jiff::Timestamp;

pub fn at() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

pub fn letter() -> LetterData {
    LetterData {
        authority: Authority {
            name: "Autorité de protection des œuvres (SPECIMEN)".to_owned(),
            address_lines: vec![
                "Réponse graduée".to_owned(),
                "1 place de l’Exemple".to_owned(),
                "00000 EXEMPLE CEDEX".to_owned(),
            ],
            email: "dossiers@autorite.example".to_owned(),
            verify_at: "https://autorite.example/verifier".to_owned(),
            offers_at: "https://autorite.example/offres".to_owned(),
            signatory: "Pour l’Autorité, le membre chargé de la réponse graduée".to_owned(),
        },
        file_number: "2026-0001234".to_owned(),
        verification_code: "7K3M-Q9TZ-4HXC".to_owned(),
        date: "21\u{a0}novembre 2026".to_owned(),
        recipient: PostalAddress::new([
            "Mme Camille Exemple",
            "Appartement 12, escalier B",
            "Résidence des Essais",
            "12 bis rue du Spécimen",
            "BP 40",
            "00100 Exempleville",
        ])
        .unwrap(),
        provider: "Opérateur Exemple".to_owned(),
        facts: vec![fact("Les Jours d’essai"), fact("Une chanson & <des> *signes* #bizarres")],
        deadlines: vec![Deadline {
            what: "Vous pourrez recevoir une deuxième recommandation, par courriel et par lettre \
                   remise contre signature, si de nouveaux faits sont constatés jusqu’au"
                .to_owned(),
            until: "21\u{a0}mai 2027".to_owned(),
            why: "C’est six mois après l’envoi de cette lettre.".to_owned(),
        }],
        cites: vec![
            "CPI, art. L.\u{a0}331-20, L.\u{a0}335-7, L.\u{a0}335-7-1, L.\u{a0}336-3 et \
             R.\u{a0}335-5"
                .to_owned(),
        ],
        answer: Some(answer(Outcome::Rejected)),
        registered_number: None,
    }
}

/// What an officer answered. Only the letter that answers a challenge tells it.
pub fn answer(outcome: Outcome) -> Answer {
    let reasons = [
        "Vous écrivez que vous étiez absente ce jour-là. Nous vous croyons\u{a0}; la loi demande \
         cependant à la personne qui a souscrit l’abonnement de protéger son accès, même quand \
         quelqu’un d’autre l’utilise.",
        "Vous n’avez pas dit si votre Wi-Fi était protégé par un mot de passe. Si vous nous \
         envoyez ce que vous avez fait depuis, nous l’ajoutons à votre dossier.",
    ];
    let reasons = match outcome {
        Outcome::Annulled => Vec::new(),
        _ => reasons.map(str::to_owned).to_vec(),
    };
    let (about, challenged_on) = ("Seconde recommandation", "9\u{a0}novembre 2026");
    let (about, challenged_on) = (about.to_owned(), challenged_on.to_owned());
    Answer { outcome, about, challenged_on, reasons }
}

/// The letter as this template is really filled in: with the days that it is about, and with the
/// articles that these rest on.
pub fn letter_of(template: &Template) -> LetterData {
    let line = |what: &str, until: &str, why: &str| Deadline {
        what: what.to_owned(),
        until: until.to_owned(),
        why: why.to_owned(),
    };
    let of_letter = letter();
    match template.name {
        "suspension" => LetterData {
            facts: Vec::new(),
            deadlines: vec![
                line(
                    "Un tribunal l’a prononcée le",
                    "12\u{a0}octobre 2026",
                    "Tribunal judiciaire de Spécimen.",
                ),
                line("Elle dure", "30\u{a0}jours", "De minuit à minuit, et pas un jour de plus."),
                line(
                    "Elle ne commence pas avant le",
                    "6\u{a0}décembre 2026",
                    "Votre fournisseur commence quinze jours après que nous avons appris que cette \
                     lettre vous a été présentée.",
                ),
            ],
            cites: vec!["CPI, art. L.\u{a0}335-7, L.\u{a0}331-22 et R.\u{a0}331-16".to_owned()],
            ..of_letter
        },
        "convocation" => LetterData {
            facts: Vec::new(),
            deadlines: vec![line(
                "Vous serez entendu le",
                "14\u{a0}décembre 2026 à 10\u{a0}h",
                "Le jour que l’Autorité a fixé à votre demande.",
            )],
            cites: vec!["CPI, art. R.\u{a0}331-13".to_owned()],
            ..of_letter
        },
        "answer" => LetterData {
            facts: Vec::new(),
            deadlines: Vec::new(),
            cites: vec!["CPI, art. R.\u{a0}331-11".to_owned()],
            ..of_letter
        },
        "third" => LetterData {
            deadlines: vec![line(
                "Vous avez quinze jours à compter du jour où cette lettre vous est présentée, et \
                 en tout cas jusqu’au",
                "6\u{a0}décembre 2026",
                "Le délai court du jour de la présentation\u{202f}; compté d’aujourd’hui, il finit \
                 à cette date.",
            )],
            ..of_letter
        },
        _ if template.language == Language::En => LetterData {
            deadlines: vec![line(
                "A new finding may bring the next step until",
                "21 May 2027",
                "Counted from the day this message is handed over, today.",
            )],
            ..of_letter
        },
        _ => of_letter,
    }
}

pub fn fact(title: &str) -> Fact {
    Fact {
        observed_at: "2026-11-18T20:14:33Z".parse().unwrap(),
        observed_at_text: "18\u{a0}novembre 2026 à 21\u{a0}h\u{a0}14\u{a0}min\u{a0}33\u{a0}s \
                           (UTC+1)"
            .to_owned(),
        address: Some("192.0.2.17".to_owned()),
        port: Some(51_413),
        protocol: Some("BitTorrent".to_owned()),
        works: vec![title.to_owned()],
    }
}
