//! The ladder drawn as stairs: one step per rung, the case's place on it, what the law bars.
//! Only shapes; every word stands in the list beside the drawing.

use super::desk::{PublicRung, Rung, Standing};

/// The drawing, in its own units.
pub struct Figure {
    pub width: u32,
    pub height: u32,
    pub steps: Vec<Step>,
}

pub struct Step {
    pub x: u32,
    pub y: u32,
    pub height: u32,
    /// Middle of the step, and of the sign on it.
    pub sign_x: u32,
    pub sign_y: u32,
    pub number: u32,
    pub class: &'static str,
}

impl Step {
    pub fn is_done(&self) -> bool {
        self.class == Standing::Done.name()
    }

    pub fn is_here(&self) -> bool {
        self.class == Standing::Here.name()
    }

    pub fn is_barred(&self) -> bool {
        self.class == Standing::Barred.name()
    }

    /// A tick, around the sign's middle.
    pub fn tick(&self) -> String {
        let (x, y) = (self.sign_x, self.sign_y);
        format!("M{} {} L{} {} L{} {}", x - 9, y, x - 2, y + 8, x + 11, y - 9)
    }

    /// The line through the sign of a barred step.
    pub fn bar(&self) -> String {
        let (x, y) = (self.sign_x, self.sign_y);
        format!("M{} {} L{} {}", x - 16, y + 16, x + 16, y - 16)
    }

    /// A small flag standing on the step.
    pub fn flag(&self) -> String {
        let (x, top) = (self.x + STEP_WIDTH - 34, self.y - 44);
        format!("M{x} {} L{x} {top} L{} {} L{x} {}", self.y, x + 26, top + 10, top + 20)
    }
}

const STEP_WIDTH: u32 = 200;
const RISE: u32 = 52;
/// Below the top of a step, where its sign stands.
const FOOT: u32 = 24;
/// What a flag needs above its step.
const FLAG: u32 = 50;

impl Figure {
    pub fn of(rungs: &[Rung]) -> Self {
        let count = u32::try_from(rungs.len()).unwrap_or_default();
        let rise = |place: u32| RISE * (place + 1) + FOOT;
        let flag = rungs.iter().zip(0..).find(|(rung, _)| rung.standing == Standing::Here);
        let flag = flag.map(|(_, place)| rise(place) + FLAG).unwrap_or_default();
        let height = flag.max(RISE * count + FOOT + 4);
        let steps = rungs
            .iter()
            .zip(0..count)
            .map(|(rung, place)| {
                let (x, y) = (STEP_WIDTH * place, height - rise(place));
                Step {
                    x,
                    y,
                    // The foot lies under the edge of the drawing.
                    height: rise(place) + 10,
                    sign_x: x + STEP_WIDTH / 2 - 10,
                    sign_y: y + 38,
                    number: place + 1,
                    class: rung.standing.name(),
                }
            })
            .collect();
        Self { width: STEP_WIDTH * count, height, steps }
    }
}

/// The ladder of the law of the day, on which nobody stands.
pub fn drawn(rungs: &[PublicRung]) -> Vec<Rung> {
    let rung = |rung: &PublicRung| Rung {
        stage: rung.stage.clone(),
        standing: if rung.gate.is_some() { Standing::Barred } else { Standing::Ahead },
        channels: Vec::new(),
    };
    rungs.iter().map(rung).collect()
}
