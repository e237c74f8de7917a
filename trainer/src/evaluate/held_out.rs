//! True pairs to measure on: synthetic ones of a seed that training never uses, or a data set's.

use anyhow::{Context, Result, ensure};
use wavediffusion::family::Family;
use wavediffusion::gathers::Gathers;
use wavediffusion::generate::PairModel;
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
pub(super) struct HeldOut<'a> {
    survey: &'a Survey,
    pub(super) plan: &'a Plan,
    data: Option<FamiliesInTurn<'a>>,
}

impl<'a> HeldOut<'a> {
    /// Pairs of the model's size: those of `data`, or synthetic ones of the plan's seed.
    ///
    /// # Errors
    /// When the data are of another size, are fewer than the plan's samples, or do not tell their families.
    pub(super) fn new(model: &'a PairModel, plan: &'a Plan, data: Option<&'a Dataset>) -> Result<Self> {
        let (survey, image) = (&model.manifest.survey, model.manifest.model.velocity);
        let in_turn = |data: &'a Dataset| {
            data.check([image.rows, image.columns], survey.shape())?;
            let in_turn = FamiliesInTurn::new(data, &plan.families)?;
            ensure!(
                plan.samples <= in_turn.order.len(),
                "the data hold {} pairs of the families, fewer than the {} samples that are asked for",
                in_turn.order.len(),
                plan.samples
            );
            Ok(in_turn)
        };
        Ok(Self { survey, plan, data: data.map(in_turn).transpose()? })
    }

    /// The pair of a slot: families take turns.
    pub(super) fn pair(&self, slot: usize) -> Result<TruePair> {
        match &self.data {
            Some(data) => read(data.data, data.order[slot]),
            None => self.made(self.plan.families[slot % self.plan.families.len()], slot),
        }
    }

    /// Another pair of the family.
    pub(super) fn other(&self, slot: usize, family: Family) -> Result<TruePair> {
        let Some(FamiliesInTurn { data, order }) = &self.data else {
            return self.made(family, self.plan.samples + slot);
        };
        let mut others = (1..order.len()).map(|step| order[(slot + step) % order.len()]);
        let other = others.find(|&index| data.family(index) == Some(family));
        read(data, other.with_context(|| format!("the data hold only one pair of {family}"))?)
    }

    fn made(&self, family: Family, index: usize) -> Result<TruePair> {
        let velocity = synth::generate(family, self.plan.seed, index as u64);
        let gathers = wave::simulate(self.survey, &velocity)?;
        Ok(TruePair { family, velocity, gathers })
    }
}

/// A data set of which some families take turns, as long as each has pairs.
struct FamiliesInTurn<'a> {
    data: &'a Dataset,
    /// Every pair of theirs once.
    order: Vec<usize>,
}

impl<'a> FamiliesInTurn<'a> {
    fn new(data: &'a Dataset, families: &[Family]) -> Result<Self> {
        let mut turns: [usize; Family::ALL.len()] = Default::default();
        let mut order = Vec::with_capacity(data.len());
        for index in 0..data.len() {
            let family = family_of(data, index)?;
            if !families.contains(&family) {
                continue;
            }
            let family = family.index();
            order.push((turns[family], family, index));
            turns[family] += 1;
        }
        order.sort_unstable();
        Ok(Self { data, order: order.into_iter().map(|(_, _, index)| index).collect() })
    }
}

/// Family of a pair, which its folder must name.
fn family_of(data: &Dataset, index: usize) -> Result<Family> {
    data.family(index).with_context(|| {
        format!("pair {index} lies in a folder that names no family; the families are {:?}", Family::ALL)
    })
}

fn read(data: &Dataset, index: usize) -> Result<TruePair> {
    Ok(TruePair { family: family_of(data, index)?, velocity: data.velocity(index)?, gathers: data.gathers(index)? })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use wavediffusion::npy;

    use super::*;

    fn write(dir: &Path, family: &str, pairs: usize) {
        std::fs::create_dir_all(dir.join(family)).unwrap();
        for (name, shape) in [("model1", [pairs, 1, 2, 3]), ("data1", [pairs, 1, 4, 3])] {
            let bytes = npy::to_bytes(&shape, &vec![2000.0; shape.iter().product()]).unwrap();
            std::fs::write(dir.join(family).join(format!("{name}.npy")), bytes).unwrap();
        }
    }

    #[test]
    fn families_of_a_data_set_take_turns() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "CurveFault_A", 4);
        write(dir.path(), "Style_B", 2);
        let data = Dataset::open(dir.path()).unwrap();
        assert_eq!(FamiliesInTurn::new(&data, &Family::ALL).unwrap().order, [0, 4, 1, 5, 2, 3]);
        assert_eq!(FamiliesInTurn::new(&data, &[Family::StyleB]).unwrap().order, [4, 5]);
        write(dir.path(), "mine", 1);
        let data = Dataset::open(dir.path()).unwrap();
        let message = FamiliesInTurn::new(&data, &Family::ALL).err().unwrap().to_string();
        assert!(message.contains("names no family"), "{message}");
    }
}
