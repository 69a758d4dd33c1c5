/// Returns bytes that do not compress and are the same for the same seed (xorshift64).
package func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
        let bytes = UnsafeMutableRawBufferPointer(buffer)
        while written < count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            let step = min(8, count - written)
            withUnsafeBytes(of: state.littleEndian) { word in
                for place in 0..<step { bytes[written + place] = word[place] }
            }
            written += step
        }
    }
}
