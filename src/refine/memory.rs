//! Where to go from here, from how the gradient changed on the last steps: limited-memory BFGS (Nocedal and Wright, Numerical
//! Optimization, algorithm 7.4).

use std::collections::VecDeque;

/// Most steps that are remembered. Each takes as much room as two latents, and next to no time beside a simulation.
const MOST: usize = 40;

/// Least curvature along a step that is remembered, relative to the square of the gradient's change.
const CURVED: f64 = 1e-10;

/// A step and what it did to the gradient.
#[derive(Debug)]
struct Step {
    moved: Vec<f64>,
    change: Vec<f64>,
}

/// The latest steps.
#[derive(Debug, Default)]
pub(super) struct Memory(VecDeque<Step>);

impl Memory {
    /// Remembers a step and how it changed the gradient, if the function is convex along it.
    pub(super) fn push(&mut self, moved: Vec<f64>, change: Vec<f64>) {
        if dot(&moved, &change) <= CURVED * dot(&change, &change) {
            return;
        }
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(Step { moved, change });
    }

    /// Forgets everything, and tells whether there was anything.
    pub(super) fn clear(&mut self) -> bool {
        let any = !self.0.is_empty();
        self.0.clear();
        any
    }

    /// The step that promises the least value; none without memory.
    pub(super) fn direction(&self, gradient: &[f64]) -> Option<Vec<f64>> {
        let last = self.0.back()?;
        let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
        let mut shares = Vec::with_capacity(self.0.len());
        for Step { moved, change } in self.0.iter().rev() {
            let share = dot(moved, &direction) / dot(moved, change);
            add(&mut direction, -share, change);
            shares.push(share);
        }
        let curvature = dot(&last.moved, &last.change) / dot(&last.change, &last.change);
        direction.iter_mut().for_each(|value| *value *= curvature);
        for (Step { moved, change }, share) in self.0.iter().zip(shares.into_iter().rev()) {
            let too_much = dot(change, &direction) / dot(moved, change);
            add(&mut direction, share - too_much, moved);
        }
        Some(direction)
    }
}

/// The inner product.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Adds `scale` times `b` to `a`.
pub(super) fn add(a: &mut [f64], scale: f64, b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += scale * b);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_along_every_axis_of_a_bowl_lead_to_its_bottom() {
        let curvatures = [1.0, 4.0, 100.0];
        let gradient = |at: &[f64]| at.iter().zip(curvatures).map(|(x, c)| c * x).collect::<Vec<f64>>();
        let mut memory = Memory::default();
        for axis in 0..3 {
            let mut moved = vec![0.0; 3];
            moved[axis] = 0.1;
            memory.push(moved.clone(), gradient(&moved));
        }
        let at = [3.0, -2.0, 5.0];
        let direction = memory.direction(&gradient(&at)).unwrap();
        assert!(direction.iter().zip(at).all(|(d, x)| (d + x).abs() < 1e-9), "{direction:?}");
    }

    #[test]
    fn steps_over_a_crest_are_not_remembered_and_old_ones_are_forgotten() {
        let mut memory = Memory::default();
        memory.push(vec![1.0], vec![-1.0]);
        assert_eq!(memory.direction(&[1.0]), None);
        for step in 0..=MOST {
            memory.push(vec![1.0 + step as f64], vec![1.0]);
        }
        assert_eq!((memory.0.len(), memory.0[0].moved[0]), (MOST, 2.0));
        assert!(memory.clear() && !memory.clear());
    }
}
