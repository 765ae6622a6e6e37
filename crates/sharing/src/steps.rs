//! From one layout to another in as few steps as it takes, in an order in which nothing is ever half:
//! no address points to a class that is not there, and the leaves never have more together than before
//! and after.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::layout::{Bound, Class, Layout, Slot, Tree};
use crate::link::Side;
use crate::rate::BitsPerSecond;

/// One thing the kernel is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The packets of an address go to the trickle from now on.
    Unbind {
        /// Whose.
        ip: IpAddr,
    },
    /// A direction with everything in it is taken away.
    TearDown {
        /// Which.
        side: Side,
    },
    /// A class is taken away. Nothing points to it.
    Remove {
        /// In which direction.
        side: Side,
        /// Which.
        slot: Slot,
    },
    /// A direction gets its root and its default leaf.
    SetUp {
        /// Which.
        side: Side,
        /// The rate of the shaper.
        root: BitsPerSecond,
        /// The default leaf.
        trickle: Class,
    },
    /// The shaper gets another rate.
    Rate {
        /// In which direction.
        side: Side,
        /// Which rate.
        root: BitsPerSecond,
    },
    /// The default leaf is different.
    Trickle {
        /// In which direction.
        side: Side,
        /// How.
        class: Class,
    },
    /// A class that is there is different. Its queue stays as it is.
    Change {
        /// In which direction.
        side: Side,
        /// Which.
        slot: Slot,
        /// How. Only `limit_bytes` is as before.
        class: Class,
    },
    /// A class is new.
    Add {
        /// In which direction.
        side: Side,
        /// Which.
        slot: Slot,
        /// How.
        class: Class,
    },
    /// More or less may wait in a class.
    Limit {
        /// In which direction.
        side: Side,
        /// Which.
        slot: Slot,
        /// How many bytes.
        bytes: u64,
    },
    /// The packets of an address go to a class from now on.
    Bind {
        /// Whose.
        ip: IpAddr,
        /// Where, and until when.
        bound: Bound,
    },
}

/// A step that cannot be taken from where things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Something it is about is not there.
    #[error("{0:?}: what it is about is not there.")]
    Missing(Step),
    /// What it would make is there already.
    #[error("{0:?}: that is there already.")]
    Exists(Step),
    /// An address points to the class.
    #[error("{0:?}: an address points to it.")]
    Used(Step),
}

const SIDES: [Side; 2] = [Side::Down, Side::Up];

/// The steps from `from` to `to`. None when they are equal.
pub fn diff(from: &Layout, to: &Layout) -> Vec<Step> {
    let mut steps = unbind(from, to);
    for side in SIDES {
        match (from.side(side), to.side(side)) {
            (Some(_), None) => steps.push(Step::TearDown { side }),
            (Some(from), Some(to)) => change(side, from, to, &mut steps),
            (None, Some(to)) => set_up(side, to, &mut steps),
            (None, None) => {}
        }
    }
    let bound = to.addresses.iter().map(|(ip, bound)| (*ip, *bound));
    let is_new = |(ip, bound): &(IpAddr, Bound)| from.addresses.get(ip) != Some(bound);
    steps.extend(bound.filter(is_new).map(|(ip, bound)| Step::Bind { ip, bound }));
    steps
}

/// Addresses that are gone, and those that leave a class which will be taken away before they are bound
/// to the next: the class goes first, so that its rate is free for others.
fn unbind(from: &Layout, to: &Layout) -> Vec<Step> {
    let removed = |slot| {
        let lost = |side| match (from.side(side), to.side(side)) {
            (Some(from), Some(to)) => from.classes.contains_key(&slot) && !to.classes.contains_key(&slot),
            _ => false,
        };
        SIDES.into_iter().any(lost)
    };
    let leaves = |(ip, bound): &(&IpAddr, &Bound)| !to.addresses.contains_key(*ip) || removed(bound.slot);
    let leaving = from.addresses.iter().filter(leaves);
    leaving.map(|(ip, _)| Step::Unbind { ip: *ip }).collect()
}

fn set_up(side: Side, to: &Tree, steps: &mut Vec<Step>) {
    steps.push(Step::SetUp {
        side,
        root: to.root,
        trickle: to.trickle,
    });
    steps.extend(to.classes.iter().map(|(slot, class)| Step::Add {
        side,
        slot: *slot,
        class: *class,
    }));
}

/// Takes first, gives afterwards.
fn change(side: Side, from: &Tree, to: &Tree, steps: &mut Vec<Step>) {
    let gone = from.classes.keys().filter(|slot| !to.classes.contains_key(slot));
    steps.extend(gone.map(|slot| Step::Remove { side, slot: *slot }));
    if from.root != to.root {
        steps.push(Step::Rate { side, root: to.root });
    }
    let (mut takes, mut gives, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    if from.trickle != to.trickle {
        let class = to.trickle;
        let less = class.rate <= from.trickle.rate;
        if less { &mut takes } else { &mut gives }.push(Step::Trickle { side, class });
    }
    for (slot, class) in to.classes.iter().map(|(slot, class)| (*slot, *class)) {
        let Some(before) = from.classes.get(&slot) else {
            gives.push(Step::Add { side, slot, class });
            continue;
        };
        let unlimited = Class {
            limit_bytes: before.limit_bytes,
            ..class
        };
        if unlimited != *before {
            let less = class.rate <= before.rate;
            let class = unlimited;
            if less { &mut takes } else { &mut gives }.push(Step::Change { side, slot, class });
        }
        if class.limit_bytes != before.limit_bytes {
            let bytes = class.limit_bytes;
            limits.push(Step::Limit { side, slot, bytes });
        }
    }
    steps.extend(takes.into_iter().chain(gives).chain(limits));
}

impl Layout {
    /// Takes a step.
    pub fn take(&mut self, step: Step) -> Result<(), StepError> {
        let missing = StepError::Missing(step);
        match step {
            Step::Unbind { ip } => self.addresses.remove(&ip).map(|_| ()).ok_or(missing),
            Step::TearDown { side } => self.side_mut(side).take().map(|_| ()).ok_or(missing),
            Step::SetUp { side, root, trickle } => {
                let empty = Tree {
                    root,
                    trickle,
                    classes: std::collections::BTreeMap::new(),
                };
                let before = self.side_mut(side).replace(empty);
                before.map_or(Ok(()), |_| Err(StepError::Exists(step)))
            }
            Step::Bind { ip, bound } => {
                let known = |side| {
                    self.side(side)
                        .is_none_or(|tree| tree.classes.contains_key(&bound.slot))
                };
                if !SIDES.into_iter().all(known) {
                    return Err(missing);
                }
                self.addresses.insert(ip, bound);
                Ok(())
            }
            Step::Remove { slot, .. } if self.addresses.values().any(|bound| bound.slot == slot) => {
                Err(StepError::Used(step))
            }
            Step::Remove { side, .. }
            | Step::Rate { side, .. }
            | Step::Trickle { side, .. }
            | Step::Change { side, .. }
            | Step::Add { side, .. }
            | Step::Limit { side, .. } => self.side_mut(side).as_mut().ok_or(missing)?.take(step),
        }
    }
}

impl Tree {
    fn take(&mut self, step: Step) -> Result<(), StepError> {
        let missing = StepError::Missing(step);
        match step {
            Step::Rate { root, .. } => self.root = root,
            Step::Trickle { class, .. } => self.trickle = class,
            Step::Remove { slot, .. } => return self.classes.remove(&slot).map(|_| ()).ok_or(missing),
            Step::Change { slot, class, .. } => *self.classes.get_mut(&slot).ok_or(missing)? = class,
            Step::Limit { slot, bytes, .. } => {
                self.classes.get_mut(&slot).ok_or(missing)?.limit_bytes = bytes;
            }
            Step::Add { slot, class, .. } => {
                let before = self.classes.insert(slot, class);
                return before.map_or(Ok(()), |_| Err(StepError::Exists(step)));
            }
            Step::Unbind { .. } | Step::TearDown { .. } | Step::SetUp { .. } | Step::Bind { .. } => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
