//! True pairs to measure on: synthetic ones of a seed that training never uses, or a data set's.

use anyhow::{Context, Result};
use wavediffusion::family::Family;
use wavediffusion::gathers::Gathers;
use wavediffusion::survey::Survey;
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave;

use super::Plan;
use crate::dataset::Dataset;
use crate::synth;

/// A true pair.
#[derive(Clone)]
pub(super) struct TruePair {
    pub family: Family,
    pub velocity: VelocityMap,
    pub gathers: Gathers,
}

/// Where true pairs come from.
#[derive(Clone, Copy)]
pub(super) struct HeldOut<'a> {
    pub survey: &'a Survey,
    pub plan: Plan,
    pub data: Option<&'a Dataset>,
}

impl HeldOut<'_> {
    /// The pair of a slot: families take turns.
    pub(super) fn pair(&self, slot: usize) -> Result<TruePair> {
        match self.data {
            Some(data) => read(data, slot % data.len()),
            None => self.made(Family::ALL[slot % Family::ALL.len()], slot),
        }
    }

    /// Another pair of the family.
    pub(super) fn other(&self, slot: usize, family: Family) -> Result<TruePair> {
        let Some(data) = self.data else { return self.made(family, self.plan.samples + slot) };
        let other = (1..data.len()).map(|step| (slot + step) % data.len()).find(|&i| data.family(i) == Some(family));
        read(data, other.with_context(|| format!("the data holds only one pair of {family}"))?)
    }

    fn made(&self, family: Family, index: usize) -> Result<TruePair> {
        let velocity = synth::generate(family, self.plan.seed, index as u64);
        let gathers = wave::simulate(self.survey, &velocity)?;
        Ok(TruePair { family, velocity, gathers })
    }
}

fn read(data: &Dataset, index: usize) -> Result<TruePair> {
    let family = data.family(index).with_context(|| {
        format!("pair {index} lies in a folder that names no family; the families are {:?}", Family::ALL)
    })?;
    Ok(TruePair { family, velocity: data.velocity(index)?, gathers: data.gathers(index)? })
}
