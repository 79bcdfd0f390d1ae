//! Sets every letter once into a folder, to be looked at.
//!
//! `cargo run -p entremise-letters --example specimens -- FOLDER`

#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/sample/mod.rs"]
mod sample;

use entremise_letters::{Renderer, templates};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    std::fs::create_dir_all(&folder)?;
    let renderer = Renderer::new();
    for template in &templates::ALL {
        let pdf = renderer.render(template, &sample::letter_of(template), sample::at())?;
        let name = format!("{}-{}.{}.pdf", template.regime, template.name, template.language.tag());
        println!("{name}: {} page(s), {} bytes", pdf.pages, pdf.bytes.len());
        std::fs::write(folder.join(name), &pdf.bytes)?;
    }
    let (data, pieces) = sample::transmission::transmission();
    let pdf = renderer.transmission(&data, &pieces, sample::at())?;
    println!("transmission.pdf: {} page(s), {} bytes", pdf.pages, pdf.bytes.len());
    let seal = sample::seal::seal();
    let sealed = seal.put_on(&pdf, &data.authority.name, "Transmission", sample::at())?;
    std::fs::write(folder.join("transmission.pdf"), &sealed.bytes)?;
    Ok(())
}
