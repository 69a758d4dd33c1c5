/// A generator of numbers that are the same for the same seed (a linear congruential one).
private struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 11 ^ state << 31
    }
}

/// Returns so many damaged versions of a text, the same for the same seed: bytes are removed, inserted (those that
/// Debian's formats give a meaning to) and changed, or the end is cut off.
package func damaged(_ text: String, seed: UInt64, times: Int) -> [[UInt8]] {
    var dice = Dice(state: seed)
    let odd = Array("\n\n \t:,|()[]<>!~-+=\"\0\u{ff}0a9".utf8)
    return (0..<times).map { _ in
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...8, using: &dice) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &dice)
            switch Int.random(in: 0..<4, using: &dice) {
            case 0: bytes.remove(at: place)
            case 1: bytes.insert(odd.randomElement(using: &dice) ?? 0, at: place)
            case 2: bytes = Array(bytes[..<place])
            default: bytes[place] = UInt8.random(in: 0...255, using: &dice)
            }
        }
        return bytes
    }
}
