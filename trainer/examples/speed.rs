#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
use burn::optim::{AdamWConfig, GradientsAccumulator, GradientsParams};
use burn::prelude::*;
use std::time::Instant;
use wavediffusion::model::*;
fn main() {
    let device = Device::flex().autodiff();
    let config = ModelConfig::standard();
    let model = Autoencoder::new(&config, &device);
    let replicas: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let batch: usize = 32 / replicas;
    let mut optim = AdamWConfig::new().init();
    let mut model = model;
    for _ in 0..4 {
        let t = Instant::now();
        let grads: Vec<_> = std::thread::scope(|s| {
            (0..replicas)
                .map(|_| {
                    let m = model.clone();
                    let device = device.clone();
                    s.spawn(move || {
                        let v: Tensor<4> =
                            Tensor::random([batch, 1, 70, 70], burn::tensor::Distribution::Normal(0., 1.), &device);
                        let d: Tensor<4> =
                            Tensor::random([batch, 5, 125, 70], burn::tensor::Distribution::Normal(0., 1.), &device);
                        let z = m.velocity_encoder.forward(v.clone());
                        let zs = m.seismic_encoder.forward(d.clone());
                        let (v2, d2) = m.decode(z.clone());
                        let loss = (v - v2).abs().mean() + (d - d2).square().mean() + (z - zs).square().mean();
                        let f = t.elapsed();
                        let g = GradientsParams::from_grads(loss.backward(), &m);
                        (g, f)
                    })
                })
                .collect::<Vec<_>>()
                .into_iter()
                .map(|h| h.join().unwrap())
                .collect()
        });
        let tb = t.elapsed();
        let mut acc = GradientsAccumulator::new();
        let f = grads[0].1;
        for (g, _) in grads {
            acc.accumulate(&model, g);
        }
        model = optim.step(1e-3, model, acc.grads());
        println!(
            "fwd {:?} fwd+bwd {:?} total {:?} -> {:.1} samples/s",
            f,
            tb,
            t.elapsed(),
            32.0 / t.elapsed().as_secs_f32()
        );
    }
}
