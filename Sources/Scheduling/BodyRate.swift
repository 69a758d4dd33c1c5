/// The rate at which a body arrives, averaged over windows of time. One that is too slow is no progress, however steadily
/// it drips: the patience of the operation is told.
package struct BodyRate: Sendable {
    private let window: Duration
    /// The slowest rate that is enough, in bytes per second.
    private let slowest: Int64
    private var time = Duration.zero
    private var count: Int64 = 0

    package init(over window: Duration, atLeast slowest: Int64) { (self.window, self.slowest) = (window, slowest) }

    /// Counts bytes that arrived in a time, and begins another window at the end of one.
    ///
    /// - Returns: What the window that ended had, if it was too slow: `only 20 bytes arrived in 60 s`.
    package mutating func add(_ count: Int, in time: Duration) -> String? {
        self.count += Int64(count)
        self.time += time
        guard self.time >= window else { return nil }
        let isEnough = Double(self.count) >= Double(slowest) * (self.time / .seconds(1))
        Patience.current?.judge(self.time, wasEnough: isEnough)
        guard isEnough else { return "only \(self.count) bytes arrived in \(self.time.components.seconds) s" }
        (self.time, self.count) = (.zero, 0)
        return nil
    }
}
