//! The option that names families.

use clap::Args;
use wavediffusion::family::Family;

/// Which families.
#[derive(Args, Clone, Debug)]
pub struct FamiliesArg {
    /// Families: `all`, or names separated by commas
    #[arg(long, default_value = "all", value_parser = parse)]
    families: Families,
}

// As a type of its own, clap takes the option for one value.
#[derive(Clone, Debug)]
struct Families(Vec<Family>);

impl FamiliesArg {
    /// The families, each once.
    pub fn list(&self) -> &[Family] {
        &self.families.0
    }
}

fn parse(text: &str) -> Result<Families, String> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(Families(Family::ALL.to_vec()));
    }
    let mut families = Vec::new();
    for name in text.split(',') {
        let family = name.trim().parse::<Family>().map_err(|error| error.to_string())?;
        if !families.contains(&family) {
            families.push(family);
        }
    }
    Ok(Families(families))
}
