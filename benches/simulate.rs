//! One OpenFWI survey of five shots on the CPU, in cells of the padded grid updated a second.
#![allow(missing_docs, reason = "criterion's macros write functions without")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wavediffusion::survey::Survey;
use wavediffusion::velocity_map::VelocityMap;
use wavediffusion::wave::{Medium, Real};

fn openfwi<T: Real>(criterion: &mut Criterion, name: &str) {
    let layered = (0..70 * 70).map(|i| 1500.0 + 500.0 * (i / 70 / 10) as f32).collect();
    let Ok(velocity) = VelocityMap::new(70, 70, layered) else { return };
    let Ok(medium) = Medium::<T>::new(&Survey::openfwi(), &velocity) else { return };
    let cells = medium.cells() * medium.samples() * medium.shots();
    let mut group = criterion.benchmark_group("simulate");
    group.throughput(Throughput::Elements(cells as u64)).sample_size(10);
    group.bench_function(name, |bencher| bencher.iter(|| medium.simulate()));
}

fn simulate(criterion: &mut Criterion) {
    openfwi::<f32>(criterion, "f32");
    openfwi::<f64>(criterion, "f64");
}

criterion_group!(benches, simulate);
criterion_main!(benches);
