//! One queue for all: a full one drops everybody's packets alike, so what passes is in proportion to what
//! was sent. Who sends as much as it can sends the whole link full.

use crate::allocate::Claim;
use crate::rate::BitsPerSecond;

pub(super) fn divide(capacity: BitsPerSecond, claims: &[Claim]) -> Vec<BitsPerSecond> {
    let sent = |claim: &Claim| claim.useful().min(capacity);
    let total = claims.iter().map(|claim| sent(claim).get()).sum::<u64>();
    if total <= capacity.get() {
        return claims.iter().map(sent).collect();
    }
    claims
        .iter()
        .map(|claim| capacity.portion(sent(claim).get(), total))
        .collect()
}
