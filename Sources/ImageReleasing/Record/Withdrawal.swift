package import OCIModel

/// The end of a release that nobody should use. What was published stays as it is, under its tags and digests.
package struct Withdrawal: Hashable, Sendable, Codable {
    package let reason: String
    /// The time in the form of RFC 3339.
    package let time: String

    /// The paragraph that goes before the release's notes.
    package var notice: String {
        "> **Withdrawn on \(time.prefix(10)): do not use this release.** \(quoted(reason, limit: 1000))\n\n"
    }

    package init(reason: String, time: Timestamp) { (self.reason, self.time) = (reason, time.description) }
}

extension ReleaseFolder {
    /// The withdrawal of the release; `nil` as long as it stands.
    package var withdrawal: Withdrawal? {
        get throws { try recorded("withdrawn", as: Withdrawal.self) }
    }

    /// Refuses to withdraw what is not published. A withdrawal that failed at a page can be repeated.
    func requirePublished() throws(ReleaseError) {
        guard isDone(.publish) else {
            throw ReleaseError(
                .incomplete, "cannot withdraw the release in \(path): its publication has not ended",
                hint: "run imagebuild release publish --yes to its end, or remove by hand what it has put somewhere")
        }
    }

    /// Records that the release is withdrawn, once. Repeated with the same reason it is what it was.
    ///
    /// - Throws: `ReleaseError` `.refused` if it was withdrawn for another reason.
    package func withdraw(_ withdrawal: Withdrawal) throws -> Withdrawal {
        if let earlier = try self.withdrawal {
            guard earlier.reason == withdrawal.reason else {
                throw ReleaseError(
                    .refused,
                    "the release in \(path) was withdrawn on \(earlier.time) already: \(quoted(earlier.reason))",
                    hint: "what is recorded stays as it is")
            }
            return earlier
        }
        try record(withdrawal, as: "withdrawn", by: .withdraw)
        return withdrawal
    }
}
