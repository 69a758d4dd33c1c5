import LayerArchive
import OCIModel

/// One of the files `/etc/passwd`, `group`, `shadow` and `gshadow`: lines of fields separated by colons.
struct AccountFile {
    enum Kind: String {
        case passwd, group, shadow, gshadow

        /// The number of fields in a line: passwd(5), group(5), shadow(5), gshadow(5).
        var fieldCount: Int {
            switch self {
            case .passwd: 7
            case .group, .gshadow: 4
            case .shadow: 9
            }
        }

        func path() throws(ImageAssemblyError) -> EntryPath { try .of("etc/" + rawValue) }
    }

    let kind: Kind
    private(set) var lines: [[String]]

    /// Creates a file without accounts.
    init(_ kind: Kind) {
        self.kind = kind
        lines = []
    }

    /// Reads a file.
    ///
    /// - Throws: `ImageAssemblyError` with the code `invalidInput` for text that is not UTF-8 or a line without the
    ///   right number of fields.
    init(_ kind: Kind, _ bytes: [UInt8]) throws(ImageAssemblyError) {
        self.kind = kind
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ImageAssemblyError(.invalidInput, "/etc/\(kind.rawValue) is not UTF-8")
        }
        lines = text.split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
        for line in lines where line.count != kind.fieldCount {
            throw ImageAssemblyError(
                .invalidInput,
                "the line of \(line[0]) in /etc/\(kind.rawValue) has \(line.count) fields, not \(kind.fieldCount)")
        }
    }

    var bytes: [UInt8] { lines.flatMap { Array(($0.joined(separator: ":") + "\n").utf8) } }

    /// Returns the number of the account with that name.
    func id(of name: String) -> UInt32? { lines.first { $0[0] == name }.flatMap { UInt32($0[2]) } }

    /// Returns the name of the account with that number.
    func name(of id: UInt32) -> String? { lines.first { UInt32($0[2]) == id }?[0] }

    mutating func append(_ fields: [String]) { lines.append(fields) }

    /// Replaces the passwords by `x`, as the shadow file then holds them, and returns each line with its password.
    mutating func takePasswords() -> [(line: [String], password: String)] {
        let taken = lines.map { ($0, $0[1]) }
        for index in lines.indices { lines[index][1] = "x" }
        return taken
    }
}
