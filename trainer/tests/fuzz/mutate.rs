//! Makes inputs out of other inputs: bytes and numbers changed, pieces cut out, doubled, swapped between two of them.

use rand::seq::IndexedRandom;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Numbers at which parsers break, as text.
const NUMBERS: [&str; 18] = [
    "0",
    "1",
    "-1",
    "2",
    "255",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "1e309",
    "-0.0",
    "NaN",
    "inf",
    "1e-320",
];

/// Bytes that mean something to one of the formats.
const WORDS: [&str; 26] = [
    "{", "}", "[", "]", "(", ")", "\"", "'", ":", ",", "=", "\n", " ", "null", "true", "True", "<f4", ">f8", "F16",
    "F32", "dtype", "shape", "\\u0000", "\u{ff}", "-", "/",
];

/// Most changes to one input.
const CHANGES: u32 = 6;

/// Longest input, in bytes.
const LONGEST: usize = 1 << 17;

/// A source of inputs, fixed by a seed.
pub struct Mutator {
    random: ChaCha8Rng,
}

impl Mutator {
    pub fn new(seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// An input made of one of `corpus`.
    pub fn input(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.pick(corpus).clone();
        for _ in 0..self.random.random_range(1..=CHANGES) {
            self.change(&mut input, corpus);
        }
        input.truncate(LONGEST);
        input
    }

    /// Whether to do something that is done half of the time.
    pub fn flip(&mut self) -> bool {
        self.random.random()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        from.choose(&mut self.random).expect("there is something to choose from")
    }

    fn change(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        match self.random.random_range(0..10) {
            0 => self.at(input, |byte, random| *byte ^= 1 << random.random_range(0..8)),
            1 => self.at(input, |byte, random| *byte = random.random()),
            2 => self.at(input, |byte, random| *byte = *[0, 1, 0x7f, 0x80, 0xff].choose(random).unwrap_or(&0)),
            3 => {
                let range = self.range(input.len());
                input.drain(range);
            }
            4 => {
                let range = self.range(input.len());
                let copy = input[range.clone()].to_vec();
                input.splice(range.end..range.end, copy);
            }
            5 => {
                let other = self.pick(corpus);
                let (range, from) = (self.range(input.len()), self.range(other.len()));
                input.splice(range, other[from].iter().copied());
            }
            6 => input.truncate(self.random.random_range(0..=input.len())),
            7 => {
                let word = self.pick(&WORDS).bytes();
                let at = self.random.random_range(0..=input.len());
                input.splice(at..at, word);
            }
            _ => self.other_number(input),
        }
    }

    /// Puts another number in the place of one that is written out.
    fn other_number(&mut self, input: &mut Vec<u8>) {
        let numeric = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        let starts: Vec<usize> = (0..input.len())
            .filter(|&i| numeric(&input[i]) && (i == 0 || !numeric(&input[i - 1])))
            .take(4096)
            .collect();
        let Some(&start) = starts.choose(&mut self.random) else { return };
        let length = input[start..].iter().take_while(|byte| numeric(byte)).count();
        let number = match self.random.random_range(0..3) {
            0 => self.random.next_u32().to_string(),
            1 => self.random.random_range(0..100).to_string(),
            _ => (*self.pick(&NUMBERS)).to_owned(),
        };
        input.splice(start..start + length, number.bytes());
    }

    fn at(&mut self, input: &mut [u8], change: impl Fn(&mut u8, &mut ChaCha8Rng)) {
        if let Some(last) = input.len().checked_sub(1) {
            // Headers, where the structure is, come first.
            let end = if self.flip() { last } else { last.min(255) };
            change(&mut input[self.random.random_range(0..=end)], &mut self.random);
        }
    }

    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.random.random_range(0..=len);
        let most = (len - start).min(if self.flip() { 16 } else { len });
        start..start + self.random.random_range(0..=most)
    }
}
