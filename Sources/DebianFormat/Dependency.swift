/// A relation of a dependency field (Debian Policy 7.1): `libc6:any (>= 2.36) [amd64] <!nocheck>`.
package struct Relation: Sendable, CustomStringConvertible {
    package enum Comparison: String, Sendable {
        case strictlyEarlier = "<<"
        case earlierOrEqual = "<="
        case equal = "="
        case laterOrEqual = ">="
        case strictlyLater = ">>"
    }

    package var name: String
    /// The text after the colon: `any`, `native` or an architecture.
    package var qualifier: String?
    package var comparison: Comparison?
    package var version: DebianVersion?
    /// The architecture restrictions: `amd64`, `!i386`, `linux-any`.
    package var architectures: [String] = []
    /// The profile restrictions: each inner list is one `<…>`, whose profiles must all hold.
    package var profiles: [[String]] = []

    /// Returns whether a package of this version meets the relation; the caller compares the name.
    package func isMet(by candidate: DebianVersion) -> Bool {
        guard let comparison, let version else { return true }
        switch comparison {
        case .strictlyEarlier: return candidate < version
        case .earlierOrEqual: return candidate <= version
        case .equal: return candidate == version
        case .laterOrEqual: return candidate >= version
        case .strictlyLater: return candidate > version
        }
    }

    /// Returns whether a `Provides` entry meets the relation: a versioned relation needs a versioned `Provides` (Policy
    /// 7.5).
    package func isMet(byProvided provided: Relation) -> Bool {
        guard provided.name == name else { return false }
        guard comparison != nil else { return true }
        return provided.version.map(isMet(by:)) ?? false
    }

    /// Returns whether the relation counts on an architecture if no build profile is active.
    package func applies(to architecture: String) -> Bool {
        let negated = architectures.filter { $0.hasPrefix("!") }
        let matching = architectures.contains {
            Self.matches($0.hasPrefix("!") ? String($0.dropFirst()) : $0, architecture)
        }
        let holds = architectures.isEmpty || (negated.isEmpty ? matching : !matching)
        let profile = profiles.isEmpty || profiles.contains { $0.allSatisfy { $0.hasPrefix("!") } }
        return holds && profile
    }

    /// Returns whether the relation means packages of this architecture: `libc6:i386` means none of amd64's.
    package func means(_ architecture: String) -> Bool {
        guard let qualifier else { return true }
        return ["any", "native", architecture].contains(qualifier)
    }

    private static func matches(_ pattern: String, _ architecture: String) -> Bool {
        ["any", "linux-any", architecture, "any-\(architecture)", "linux-\(architecture)"].contains(pattern)
    }

    /// The relation as Debian writes it, without architectures and profiles.
    package var description: String {
        let full = qualifier.map { "\(name):\($0)" } ?? name
        guard let comparison, let version else { return full }
        return "\(full) (\(comparison.rawValue) \(version))"
    }
}

/// A list of relations of which one is enough: `debconf (>= 0.5) | debconf-2.0`.
package struct Clause: Sendable, CustomStringConvertible {
    package var alternatives: [Relation]
    package init(alternatives: [Relation]) { self.alternatives = alternatives }
    package var description: String { alternatives.map(\.description).joined(separator: " | ") }
}
