//! What befalls a provider's logs on their way to its connector: a RADIUS Stop that no server ever
//! got (UDP loses packets), and a collector that falls behind and catches up. Nothing is invented
//! and nothing changes its order.

use crate::chance::Chance;
use crate::world::network::Log;

/// What is in force, and what is held back.
pub struct LogFaults {
    dice: Chance,
    /// Chances of a thousand that a Stop is lost.
    pub loses_stops_per_mille: u64,
    /// By place of the provider: its logs come later.
    pub late: [bool; 3],
    held_back: Vec<(usize, Log)>,
}

impl LogFaults {
    pub fn new(seed: u64) -> Self {
        let dice = Chance::of(seed, "logs");
        Self { dice, loses_stops_per_mille: 0, late: [false; 3], held_back: Vec::new() }
    }

    /// What arrives of the logs written since the last time.
    pub fn befall(&mut self, written: Vec<(usize, Log)>) -> Vec<(usize, Log)> {
        self.held_back.extend(written);
        let (held_back, mut arriving): (Vec<_>, Vec<_>) =
            self.held_back.drain(..).partition(|(place, _)| self.late[*place]);
        self.held_back = held_back;
        if self.loses_stops_per_mille > 0 {
            for (_, log) in &mut arriving {
                if log.format == "radius-detail" {
                    log.text = self.without_some_stops(&log.text);
                }
            }
        }
        arriving.retain(|(_, log)| !log.text.is_empty());
        arriving
    }

    fn without_some_stops(&mut self, text: &str) -> String {
        text.split_inclusive("\n\n")
            .filter(|packet| {
                !packet.contains("Acct-Status-Type = Stop")
                    || !self.dice.per_mille(self.loses_stops_per_mille)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> Vec<(usize, Log)> {
        vec![(0, Log { file: "radius", format: "radius-detail", text: text.to_owned() })]
    }

    fn arrived(faults: &mut LogFaults, text: &str) -> String {
        faults.befall(log(text)).into_iter().map(|(_, log)| log.text).collect()
    }

    #[test]
    fn late_logs_come_whole_and_in_their_order() {
        let mut faults = LogFaults::new(1);
        faults.late[0] = true;
        assert_eq!(arrived(&mut faults, "a\n\n"), "");
        faults.late[0] = false;
        assert_eq!(arrived(&mut faults, "b\n\n"), "a\n\nb\n\n");
    }

    #[test]
    fn nothing_but_a_stop_is_ever_lost() {
        let mut faults = LogFaults::new(1);
        faults.loses_stops_per_mille = 1000;
        let start = "day\n\tAcct-Status-Type = Start\n\n";
        let stop = "day\n\tAcct-Status-Type = Stop\n\n";
        assert_eq!(arrived(&mut faults, &format!("{start}{stop}{start}")), start.repeat(2));
    }
}
