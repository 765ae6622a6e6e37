//! A fixed part for everybody: idle parts stay idle.

use crate::allocate::Claim;
use crate::rate::BitsPerSecond;

pub(super) fn divide(capacity: BitsPerSecond, claims: &[Claim]) -> Vec<BitsPerSecond> {
    let weights = claims.iter().map(|claim| claim.weight().get()).sum();
    let part = |claim: &Claim| capacity.portion(claim.weight().get(), weights);
    claims
        .iter()
        .map(|claim| part(claim).min(claim.useful()))
        .collect()
}
