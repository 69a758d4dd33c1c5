import ImageDefinition
import OCIModel

/// The variables of an image while they are set one after the other: each may use those before it, and its base's.
struct Variables {
    private var values: [String: String]
    /// Returns the form of a name that is equal for names of the same variable.
    private let key: (String) -> String

    /// Creates the variables of a base image, given as `NAME=value`.
    init(of base: [String], isWindows: Bool) {
        let key: (String) -> String = isWindows ? { $0.uppercased() } : { $0 }
        self.key = key
        values = Dictionary(base.map { (key(Self.name($0)), Self.value($0)) }) { _, last in last }
        if isWindows, values["PATH"] == nil { values["PATH"] = WindowsExecution.systemPath }
    }

    /// Returns a definition's variables with everything filled in that they refer to.
    ///
    /// - Throws: `ImageAssemblyError` with the code `invalidInput` for a name that is not set.
    mutating func filled(_ own: [String]) throws -> [String] {
        try own.map { variable in
            let name = Self.name(variable)
            let text: VariableText
            do throws(VariableText.Malformed) { text = try VariableText(Self.value(variable)) } catch {
                throw ImageAssemblyError(.invalidInput, "cannot set the variable \(name): \(error.message)")
            }
            let value = try text.filled { used throws(ImageAssemblyError) in
                guard let value = values[key(used)] else {
                    throw ImageAssemblyError(
                        .invalidInput,
                        "cannot set the variable \(name): it refers to ${\(used)}, which neither the base image nor an earlier "
                            + "variable sets", hint: "write the value out, or $$ for a dollar sign")
                }
                return value
            }
            values[key(name)] = value
            return "\(name)=\(value)"
        }
    }

    private static func name(_ variable: String) -> String { String(variable.prefix { $0 != "=" }) }

    private static func value(_ variable: String) -> String {
        String(variable.drop { $0 != "=" }.dropFirst())
    }
}
