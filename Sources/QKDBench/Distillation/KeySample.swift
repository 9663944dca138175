import QKDCore
import QKDDistillation

/// A random share of the raw key that both sides compare in public, and leave out.
///
/// It stands for the other basis: as good as a comparison there only where the key has both bases alike, and an eavesdropper
/// cannot tell them.
public enum KeySample {
    /// Draws about `share` of the bits; gives the rest, and what was compared.
    public static func draw(
        alice: BitString, bob: BitString, share: Double, random: inout some RandomNumberGenerator
    ) -> DistillationInput {
        let wanted = min(alice.count, Int((share * Double(alice.count)).rounded()))
        var (rest, other) = (BitString(), BitString())
        var (left, errors) = (wanted, 0)
        for index in 0..<alice.count {
            // Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): each set of bits is as likely as any other.
            if Int.random(in: 0..<alice.count - index, using: &random) < left {
                left -= 1
                errors += alice[index] == bob[index] ? 0 : 1
            } else {
                rest.append(alice[index])
                other.append(bob[index])
            }
        }
        return DistillationInput(alice: rest, bob: other, evidence: .comparison(bits: wanted, errors: errors))
    }
}
