//! Velocity statistics of the synthetic families beside those of OpenFWI's.

use std::collections::BTreeMap;

use rayon::prelude::*;
use wavediffusion::family::Family;

use super::{CELLS, Sketch, sketch};

/// Statistics of a family's maps.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Mean of all cells of all maps, m/s.
    pub mean: f64,
    /// Standard deviation of all cells of all maps, m/s.
    pub deviation: f64,
    /// How many maps have how many layers; 0 layers are smooth maps.
    pub layers: BTreeMap<usize, usize>,
}

/// Statistics of the first `count` maps of a family's sequence `seed`.
pub fn of_family(family: Family, seed: u64, count: u64) -> Statistics {
    let maps: Vec<(usize, f64, f64)> = (0..count)
        .into_par_iter()
        .map(|index| {
            let Sketch { velocity, layers } = sketch(family, seed, index);
            let moment = |power: i32| velocity.values().iter().map(|&v| f64::from(v).powi(power)).sum::<f64>();
            (layers, moment(1), moment(2))
        })
        .collect();
    let cells = (maps.len() * CELLS * CELLS) as f64;
    let mean = maps.iter().map(|map| map.1).sum::<f64>() / cells;
    let square = maps.iter().map(|map| map.2).sum::<f64>() / cells;
    let mut layers = BTreeMap::new();
    for map in &maps {
        *layers.entry(map.0).or_default() += 1;
    }
    Statistics { mean, deviation: (square - mean * mean).sqrt(), layers }
}

/// OpenFWI's mean and standard deviation of a family, m/s. For the families of rising velocities only the range over
/// its sets is known (2782..2788 and 786..794); here is its middle.
pub fn openfwi(family: Family) -> (f64, f64) {
    match family {
        Family::FlatVelA | Family::CurveVelA => (2785.0, 790.0),
        Family::FlatVelB | Family::CurveVelB => (3001.0, 866.0),
        Family::FlatFaultA => (3089.0, 855.0),
        Family::FlatFaultB => (3055.0, 876.0),
        Family::CurveFaultA => (3083.0, 852.0),
        Family::CurveFaultB => (3036.0, 890.0),
        Family::StyleA => (2729.0, 666.0),
        Family::StyleB => (2837.0, 638.0),
    }
}

/// A Markdown table of these families' statistics beside OpenFWI's.
pub fn table(families: &[Family], seed: u64, count: u64) -> String {
    let mut table = String::from(
        "| family | mean, m/s | OpenFWI | deviation, m/s | OpenFWI | maps by number of layers |\n|---|---|---|---|---|---|\n",
    );
    for &family in families {
        let Statistics { mean, deviation, layers } = of_family(family, seed, count);
        let (openfwi_mean, openfwi_deviation) = openfwi(family);
        let layers: Vec<String> = layers
            .iter()
            .map(|(layers, maps)| if *layers == 0 { "smooth".to_owned() } else { format!("{layers}: {maps}") })
            .collect();
        table += &format!(
            "| {family} | {mean:.0} | {openfwi_mean:.0} | {deviation:.0} | {openfwi_deviation:.0} | {} |\n",
            layers.join(", ")
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_openfwi_s_mean_and_deviation() {
        for family in Family::ALL {
            let found = of_family(family, 1, 200);
            let (mean, deviation) = openfwi(family);
            // Over 200 maps the mean of a two-layer family is uncertain to about 1 %.
            assert!((found.mean / mean - 1.0).abs() < 0.03, "{family}: mean {:.0} for {mean}", found.mean);
            assert!(
                (found.deviation / deviation - 1.0).abs() < 0.08,
                "{family}: {:.0} for {deviation}",
                found.deviation
            );
        }
    }

    #[test]
    fn statistics_do_not_depend_on_the_number_of_threads() {
        let with_threads = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| of_family(Family::CurveFaultB, 3, 40))
        };
        assert_eq!(with_threads(1), with_threads(4));
    }
}
