/// The random halves on the side that corrects: parities of nodes of the tree over the frame, each within a subset.
struct CascadeSubsets {
    /// A node of one subset's tree with the other side's parity.
    struct Node {
        var subset: Int
        var id: Int
        var low: Int
        var high: Int
        /// Whether the sides differ; kept up to date, because these nodes are large.
        var isOdd: Bool
    }

    private(set) var nodes: [Node] = []

    /// Learns a node, `isOdd` as the bits are now.
    mutating func learn(_ node: Node) { nodes.append(node) }

    /// A bit was corrected.
    mutating func flip(_ bit: Int, in subsets: [[UInt64]]) {
        for index in nodes.indices {
            let node = nodes[index]
            guard bit >= node.low, bit < node.high, subsets[node.subset][bit >> 6] >> UInt64(bit & 63) & 1 != 0
            else { continue }
            nodes[index].isOdd.toggle()
        }
    }

    /// The smallest odd node.
    var smallestOdd: Node? {
        nodes.lazy.filter(\.isOdd).min { $0.high - $0.low < $1.high - $1.low }
    }

    /// A node that another one says all of.
    mutating func forget(_ node: Node) { nodes.removeAll { $0.id == node.id && $0.subset == node.subset } }
}
