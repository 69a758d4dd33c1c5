import OCIModel

extension RepositoryName: ExpressibleByStringLiteral {
    /// Takes a name that a test writes down.
    public init(stringLiteral text: String) {
        do { try self.init(text) } catch { preconditionFailure("\(error)") }
    }
}
