/// A number of bytes as people read it: `34.0 MB`.
package struct ByteCount: CustomStringConvertible, Sendable {
    private var bytes: Int64
    package init(_ bytes: Int64) { self.bytes = bytes }

    package var description: String {
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(bytes), 0)
        while value >= 999.95, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        if unit == 0 { return "\(bytes) bytes" }
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
