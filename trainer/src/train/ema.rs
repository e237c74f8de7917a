//! Exponential moving average of weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::prelude::*;
use burn::tensor::container::TensorContainer;

/// `decay x averaged + (1 - decay) x current`, parameter by parameter.
pub fn average<M: Module>(averaged: M, current: &M, decay: f64) -> M {
    struct Collector(TensorContainer<ParamId>);
    impl ModuleVisitor for Collector {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.register(param.id, param.val().inner());
        }
    }
    struct Mapper {
        current: TensorContainer<ParamId>,
        decay: f64,
    }
    impl ModuleMapper for Mapper {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let current: Option<Tensor<D>> = self.current.remove(&param.id);
            let decay = self.decay;
            match current {
                Some(current) => param.map(|averaged| averaged.inner() * decay + current * (1.0 - decay)),
                None => param,
            }
        }
    }
    let mut collector = Collector(TensorContainer::new());
    current.visit(&mut collector);
    averaged.map(&mut Mapper { current: collector.0, decay })
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::LinearConfig;

    #[test]
    fn the_average_moves_by_its_share() {
        let device = Device::flex();
        let start = LinearConfig::new(2, 2).init(&device);
        let mut end = start.clone();
        end.weight = end.weight.map(|w| w + 1.0);
        let moved = average(start.clone(), &end, 0.75);
        let change = (moved.weight.val() - start.weight.val()).mean().into_scalar::<f32>();
        assert!((change - 0.25).abs() < 1e-6);
    }
}
