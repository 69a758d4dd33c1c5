package import OCIModel

/// What a Release is held against before anything that it lists is believed.
package struct ReleaseExpectation: Hashable, Sendable {
    package var suite: String
    package var now: Timestamp
    /// Whether the definition accepts that this suite's Release has expired.
    package var acceptExpired: Bool
    /// The `Date` of the Release that the lock before this one holds for the suite.
    package var previousDate: Timestamp?

    package init(suite: String, now: Timestamp, acceptExpired: Bool = false, previousDate: Timestamp? = nil) {
        self.suite = suite
        self.now = now
        self.acceptExpired = acceptExpired
        self.previousDate = previousDate
    }
}

extension ReleaseFile {
    /// Refuses a Release of another suite, from the future, older than the one before, or expired.
    ///
    /// - Returns: Whether it has expired and that is accepted, which a lock records.
    /// - Throws: `DebianFormatError` with the code `.untimely`, `.rolledBack` or `.expired`, and the reason.
    package func check(_ expected: ReleaseExpectation) throws(DebianFormatError) -> Bool {
        try checkName(expected.suite)
        // A day: clocks are wrong, and a mirror may be ahead of a machine that just woke up.
        guard date.seconds <= expected.now.seconds + 86400 else {
            throw DebianFormatError(
                .untimely,
                "the Release of \(expected.suite) is dated \(date), in the future: it is \(expected.now) now",
                hint: "set this machine's clock")
        }
        if let previous = expected.previousDate, date < previous {
            throw DebianFormatError(
                .rolledBack,
                "the Release of \(expected.suite) is dated \(date), before the \(previous) of the one already locked: "
                    + "the mirror is behind, or replays an old archive",
                hint: "use another mirror, or wait until this one has caught up")
        }
        guard let validUntil, validUntil < expected.now else { return false }
        guard expected.acceptExpired else {
            throw DebianFormatError(
                .expired, "the Release of \(expected.suite) was valid until \(validUntil): it is \(expected.now) now",
                hint:
                    "use a mirror that is up to date, or add \(expected.suite) to the definition's accept-expired"
            )
        }
        return true
    }

    /// Suite and codename both name a suite: `stable` is `trixie` for a while.
    package func checkName(_ expected: String) throws(DebianFormatError) {
        guard !expected.isEmpty, expected == suite || expected == codename else {
            throw DebianFormatError(
                .untimely,
                "the Release of \(expected) is that of another suite: it says suite '\(suite)', codename '\(codename)'",
                hint: "use another mirror: this one serves one suite under another's name")
        }
    }
}
