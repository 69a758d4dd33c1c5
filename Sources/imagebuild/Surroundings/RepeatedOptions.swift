import ArgumentParser
import OCIModel

/// The parser's own description of a command, as far as it says which options may be repeated.
private struct CommandDescription: Decodable {
    struct Argument: Decodable {
        struct Name: Decodable { var name: String }
        var kind: String
        var isRepeating: Bool
        var names: [Name]?
    }
    struct Command: Decodable {
        var commandName: String
        var arguments: [Argument]?
        var subcommands: [Command]?
    }
    var command: Command
}

extension ParsableCommand {
    /// Refuses what the parser would take without a word: of two values of an option that has one, it drops the first,
    /// and an empty path means the current folder.
    ///
    /// - Throws: `ValidationError`.
    static func requireEachValue(of arguments: [String]) throws {
        let words = Array(arguments.prefix { $0 != "--" })
        for (index, word) in words.enumerated() where word.hasPrefix("--") {
            guard word.hasSuffix("=") || index + 1 < words.count && words[index + 1].isEmpty else { continue }
            throw ValidationError("'\(word)' has an empty value.")
        }
        let names = words.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2).prefix { $0 != "=" }) }
        let repeated = Set(names.filter { name in names.count { $0 == name } > 1 })
        // The description takes longer than most commands.
        guard !repeated.isEmpty else { return }
        let description = try CanonicalJSON.decode(CommandDescription.self, from: Array(_dumpHelp().utf8))
        var command = description.command
        for word in words {
            guard let next = command.subcommands?.first(where: { $0.commandName == word }) else { break }
            command = next
        }
        for argument in command.arguments ?? [] where argument.kind == "option" && !argument.isRepeating {
            guard let name = argument.names?.first(where: { repeated.contains($0.name) })?.name else { continue }
            throw ValidationError("'--\(name)' is named more than once, and takes one value.")
        }
    }
}
