package import OCIModel

/// The releases that a rule is for.
package enum ReleaseKind: String, Hashable, Sendable, CaseIterable {
    /// The first stable version of a minor line, and its pre-releases.
    case minor
    /// Every later version of the line.
    case patch
    case all

    package func includes(_ version: SemanticVersion) -> Bool {
        switch self {
        case .minor: version.patch == 0
        case .patch: version.patch > 0
        case .all: true
        }
    }
}

/// The gates beside those that every release has.
package struct GateRules: Hashable, Sendable {
    /// A file that the source must have, perhaps with a text.
    package struct Document: Hashable, Sendable, VersionedRule {
        package var name: String
        package var file: Template
        package var text: Template?
        package var releases: ReleaseKind
        package var versions: VersionRange?
    }

    /// Something that only a person can say: `All tests passed`, with the evidence that they give.
    package struct Statement: Hashable, Sendable, VersionedRule {
        package var name: String
        package var text: String
        package var releases: ReleaseKind
        package var versions: VersionRange?
    }

    /// Whether a patch release may have merge commits since the previous one.
    package var acceptsMerges: Bool
    package var documents: [Document]
    package var statements: [Statement]
}

/// The rules for release notes.
package struct NotesRules: Hashable, Sendable {
    /// A heading, and the first words of the changes below it: `server: fix …`.
    package struct Group: Hashable, Sendable {
        package var title: String
        package var prefixes: [String]
    }

    package var introduction: Template?
    package var groups: [Group]
}

/// The mail that announces a release.
package struct AnnouncementRules: Hashable, Sendable {
    package var to: String
    package var subject: Template
    package var text: Template
}

/// A command to run after a release.
package struct FollowUp: Hashable, Sendable, VersionedRule {
    package var title: String
    package var command: Template
    package var releases: ReleaseKind
    /// Whether it is for stable versions alone.
    package var isForStable: Bool
    package var versions: VersionRange?
}

/// The public keys, as files relative to the release file.
package struct SigningRules: Hashable, Sendable {
    /// OpenPGP keys, armoured or not, that may sign the assets.
    package var assetKeys: [String]
    /// OpenPGP keys that may sign the tag.
    package var tagKeys: [String]
    /// An SSH file of allowed signers of the tag.
    package var tagSigners: String?
}
