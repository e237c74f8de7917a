//! The stack on a GPU: seven dispatches a block, and no copies of weights.

use burn::backend::{Cube, DispatchDevice};
use burn::nn::Linear;
use burn::tensor::{DType, Shape, Tensor};
use burn_wgpu::CubeTensor;
use cubecl::client::Client;
use cubecl::prelude::{CubeCount, CubeDim};

use super::Stack;
use super::kernels::{FOUR, LANES, LayerLaunch, ModulationLaunch, ROWS, Write, attend, dense, normalise};
use crate::gpu::{Buffer, WORKGROUPS};
use crate::model::block::{Block, MODULATIONS};

/// Columns, in fours, and groups of rows of a workgroup of [`dense`].
const DENSE_WORKGROUP: (u32, u32) = (8, 8);

/// Queries of a workgroup of [`attend`].
const QUERIES: u32 = 32;

/// The stack of tokens on a GPU, with one modulation (batch, modulations, width) a block or none. None where the kernels
/// are not made for what they are given: another device, widths that are no multiples of four, parts of tensors.
pub(super) fn forward(stack: &Stack<'_>, tokens: &Tensor<3>, modulation: Option<&Tensor<4>>) -> Option<Tensor<3>> {
    let device = tokens.device();
    let DispatchDevice::Cube(cube) = device.as_dispatch() else { return None };
    let [batch, count, _] = tokens.dims();
    if batch * count > WORKGROUPS {
        return None;
    }
    let input = Dense::of(stack.input)?;
    let output = Dense::of(stack.output)?;
    let client = cube.client();
    let run = Run { client: &client, rows: batch * count, tokens: count, width: input.outputs };
    let blocks = stack.blocks.iter().map(|block| Layers::of(block, run.width)).collect::<Option<Vec<_>>>()?;
    let (given, positions) = (contiguous(tokens.clone())?, contiguous(stack.positions.val())?);
    let modulation = match modulation {
        Some(modulation) => Some(contiguous(modulation.clone())?),
        None => None,
    };

    let stream = run.empty(run.width);
    run.dense(&input, &given, &stream, Write::Positions, &positions, Part::NONE);
    for (index, layers) in blocks.iter().enumerate() {
        let first = index * batch * MODULATIONS * run.width;
        run.block(layers, &stream, modulation.as_ref().map(|values| (values, first)));
    }
    let normal = run.empty(run.width);
    run.normalise(&stream, &normal, None, 0);
    let result = run.empty(output.outputs);
    run.dense(&output, &normal, &result, Write::Set, &normal, Part::NONE);
    let shape = Shape::new([batch, count, FOUR * output.outputs]);
    let result = CubeTensor::new_contiguous(client.clone(), cube.clone(), shape, result.handle, DType::F32);
    Some(Tensor::from_primitive::<Cube>(result))
}

/// The values of a tensor on a GPU, in fours; none where they do not lie there one after the other.
fn contiguous<const D: usize>(tensor: Tensor<D>) -> Option<Buffer> {
    let tensor = tensor.try_into_primitive::<Cube>().ok()?;
    let row = *tensor.meta.shape().last()?;
    let fits = tensor.dtype == DType::F32 && row.is_multiple_of(FOUR) && tensor.is_contiguous();
    fits.then(|| Buffer::new(tensor.handle, tensor.meta.shape().num_elements() / FOUR))
}

/// A linear layer's values; its outputs in fours.
struct Dense {
    weight: Buffer,
    bias: Buffer,
    inputs: usize,
    outputs: usize,
}

impl Dense {
    fn of(layer: &Linear) -> Option<Self> {
        let weight = layer.weight.val();
        let [inputs, outputs] = weight.dims();
        let bias = contiguous(layer.bias.as_ref()?.val())?;
        inputs.is_multiple_of(FOUR).then_some(())?;
        Some(Self { weight: contiguous(weight)?, bias, inputs: inputs / FOUR, outputs: outputs / FOUR })
    }
}

/// A block's layers, and the width of a head in fours.
struct Layers {
    qkv: Dense,
    attention_out: Dense,
    up: Dense,
    down: Dense,
    head: usize,
}

impl Layers {
    fn of(block: &Block, width: usize) -> Option<Self> {
        width.is_multiple_of(block.heads).then_some(())?;
        Some(Self {
            qkv: Dense::of(&block.qkv)?,
            attention_out: Dense::of(&block.attention_out)?,
            up: Dense::of(&block.up)?,
            down: Dense::of(&block.down)?,
            head: width / block.heads,
        })
    }
}

/// Where a modulation lies in an array of them, in fours.
#[derive(Clone, Copy)]
struct Part {
    first: usize,
    stride: usize,
}

impl Part {
    const NONE: Self = Self { first: 0, stride: 0 };

    fn launch(self) -> ModulationLaunch {
        ModulationLaunch::new(self.first, self.stride)
    }
}

/// One pass through a stack: sizes that all its dispatches share; `width` is in fours.
struct Run<'a> {
    client: &'a Client,
    rows: usize,
    tokens: usize,
    width: usize,
}

impl Run<'_> {
    /// Room for rows of `width` fours.
    fn empty(&self, width: usize) -> Buffer {
        Buffer::empty::<[f32; FOUR]>(self.client, self.rows * width)
    }

    /// Modulation `part` of a block whose own begin at `first`.
    fn part(&self, first: usize, part: usize) -> Part {
        Part { first: first + part * self.width, stride: MODULATIONS * self.width }
    }

    /// [`Block::forward`] in place.
    fn block(&self, layers: &Layers, stream: &Buffer, modulation: Option<(&Buffer, usize)>) {
        let Layers { qkv, attention_out, up, down, head } = layers;
        let add = |layer: &Dense, input: &Buffer, part: usize| match modulation {
            Some((values, first)) => {
                self.dense(layer, input, stream, Write::Gated, values, self.part(first, part));
            }
            None => self.dense(layer, input, stream, Write::Add, &layer.bias, Part::NONE),
        };
        let normal = self.empty(self.width);
        self.normalise(stream, &normal, modulation, 0);
        let projected = self.empty(qkv.outputs);
        self.dense(qkv, &normal, &projected, Write::Set, &qkv.bias, Part::NONE);
        let mixed = self.empty(self.width);
        self.attend(&projected, &mixed, *head);
        add(attention_out, &mixed, 2);

        self.normalise(stream, &normal, modulation, 3);
        let hidden = self.empty(up.outputs);
        self.dense(up, &normal, &hidden, Write::Relu, &up.bias, Part::NONE);
        add(down, &hidden, 5);
    }

    fn dense(&self, layer: &Dense, input: &Buffer, output: &Buffer, write: Write, beside: &Buffer, gates: Part) {
        let (across, down) = (layer.outputs as u32, self.rows.div_ceil(ROWS) as u32);
        let (columns, groups) = DENSE_WORKGROUP;
        // SAFETY: the buffers have the sizes that the kernel states for this layer.
        #[expect(unsafe_code, reason = "the kernel's positions are within its buffers, as it says")]
        unsafe {
            dense::launch_unchecked(
                self.client,
                CubeCount::Static(across.div_ceil(columns), down.div_ceil(groups), 1),
                CubeDim::new_2d(columns, groups),
                input.argument(),
                layer.weight.argument(),
                layer.bias.argument(),
                beside.argument(),
                output.argument(),
                LayerLaunch::new(self.rows, self.tokens, layer.inputs, layer.outputs),
                gates.launch(),
                write,
            );
        }
    }

    /// Normalises rows; `part` is the scale in a block's modulation, before the shift.
    fn normalise(&self, input: &Buffer, output: &Buffer, modulation: Option<(&Buffer, usize)>, part: usize) {
        let (values, scales) = match modulation {
            Some((values, first)) => (values, self.part(first, part)),
            None => (input, Part::NONE),
        };
        // SAFETY: the buffers have the sizes that the kernel states for these rows.
        #[expect(unsafe_code, reason = "the kernel's positions are within its buffers, as it says")]
        unsafe {
            normalise::launch_unchecked(
                self.client,
                CubeCount::Static(self.rows as u32, 1, 1),
                CubeDim::new_1d(LANES),
                input.argument(),
                values.argument(),
                output.argument(),
                self.width,
                self.tokens,
                scales.launch(),
                modulation.is_some(),
            );
        }
    }

    fn attend(&self, qkv: &Buffer, mixed: &Buffer, head: usize) {
        let samples_heads = self.rows / self.tokens * (self.width / head);
        let scale = 1.0 / ((FOUR * head) as f32).sqrt();
        // SAFETY: the buffers have the sizes that the kernel states for these rows.
        #[expect(unsafe_code, reason = "the kernel's positions are within its buffers, as it says")]
        unsafe {
            attend::launch_unchecked(
                self.client,
                CubeCount::Static((self.tokens as u32).div_ceil(QUERIES), samples_heads as u32, 1),
                CubeDim::new_1d(QUERIES),
                qkv.argument(),
                mixed.argument(),
                self.width,
                self.tokens,
                scale,
                head,
            );
        }
    }
}
