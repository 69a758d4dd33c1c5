package import OCIModel

/// The expectation that a Release is checked against before anything that it lists is trusted.
package struct ReleaseExpectation: Hashable, Sendable {
    package var suite: String
    package var now: Timestamp
    /// Whether the definition accepts that this suite's Release has expired.
    package var acceptExpired: Bool
    /// The `Date` of the suite's Release in the previous lock.
    package var previousDate: Timestamp?

    package init(suite: String, now: Timestamp, acceptExpired: Bool = false, previousDate: Timestamp? = nil) {
        self.suite = suite
        self.now = now
        self.acceptExpired = acceptExpired
        self.previousDate = previousDate
    }
}

extension SuiteRelease {
    /// Refuses a Release that is of another suite, from the future, older than the one before, or expired.
    ///
    /// - Returns: Whether the Release has expired and that is accepted, which a lock records.
    /// - Throws: `DebianFormatError` with the code `.untimely`, `.rolledBack` or `.expired`, and the reason.
    package func check(_ expected: ReleaseExpectation) throws(DebianFormatError) -> Bool {
        try checkName(expected.suite)
        // One day: clocks are wrong, and a mirror may be ahead of a machine that has just woken up.
        guard date.seconds <= expected.now.seconds + 86400 else {
            throw DebianFormatError(
                .untimely,
                "the Release of \(expected.suite) is dated \(date), in the future: the time is \(expected.now)",
                hint: "correct this machine's clock")
        }
        if let previous = expected.previousDate, date < previous {
            throw DebianFormatError(
                .rolledBack,
                "the Release of \(expected.suite) is dated \(date), earlier than the locked one of \(previous): "
                    + "the mirror is behind, or replays an old archive",
                hint: "use another mirror, or wait until this one has caught up")
        }
        guard let validUntil, validUntil < expected.now else { return false }
        guard expected.acceptExpired else {
            throw DebianFormatError(
                .expired, "the Release of \(expected.suite) was valid until \(validUntil): the time is \(expected.now)",
                hint:
                    "use a mirror that is up to date, or add \(expected.suite) to the definition's accept-expired"
            )
        }
        return true
    }

    /// Checks that the suite or codename is the expected name: `stable` is `trixie` for a while.
    package func checkName(_ expected: String) throws(DebianFormatError) {
        guard !expected.isEmpty, expected == suite || expected == codename else {
            throw DebianFormatError(
                .untimely,
                "the Release of \(expected) belongs to another suite: it has suite '\(suite)', codename '\(codename)'",
                hint: "use another mirror: this one serves one suite under another's name")
        }
    }
}
