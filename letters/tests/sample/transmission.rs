//! A made-up file for the prosecutor.

use entremise_letters::transmission::{Person, Piece, Step, Transmission};

pub fn transmission() -> (Transmission, Vec<Piece>) {
    let letter = super::letter();
    let pieces = vec![
        piece("notices.json", "Les constats, tels que reçus et tels que lus", "application/json"),
        piece(
            "observations-3f2a.pdf",
            "Observations de la personne, 10 mai 2026",
            "application/pdf",
        ),
        piece("entree-17.tlog-proof", "Reçu du registre, entrée 17", "text/plain"),
    ];
    let data = Transmission {
        authority: letter.authority,
        file_number: letter.file_number,
        date: "20\u{a0}juin 2026".to_owned(),
        decided_by: "membre-1".to_owned(),
        reasons: "Les faits sont établis par trois constats.\nLa personne ne dit pas ce qu’elle a \
                  fait pour protéger son accès."
            .to_owned(),
        person: Person {
            name: "Mme Camille Exemple".to_owned(),
            postal_address: vec![
                "12 bis rue du Spécimen".to_owned(),
                "00100 EXEMPLEVILLE".to_owned(),
            ],
            emails: vec!["camille@exemple.example".to_owned()],
            telephones: vec!["+33 0 00 00 00 00".to_owned()],
        },
        provider: letter.provider,
        facts: letter.facts,
        identifications: vec![
            "Fait du 18 novembre 2026 : une seule ligne détenait l’adresse et le port.".to_owned(),
        ],
        steps: vec![Step {
            what: "Première recommandation".to_owned(),
            proofs: vec!["Courriel remis le 3 février 2026.".to_owned()],
        }],
        answers: vec!["Observations reçues le 10 mai 2026.".to_owned()],
        pieces: pieces.iter().map(Piece::line).collect(),
        ledger_origin: "autorite.example/registre".to_owned(),
    };
    (data, pieces)
}

fn piece(name: &str, description: &str, media_type: &'static str) -> Piece {
    let bytes = format!("SPECIMEN {name}").into_bytes();
    let (name, description) = (name.to_owned(), description.to_owned());
    Piece { name, description, media_type, bytes }
}
