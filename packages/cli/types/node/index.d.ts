// Stands in for @types/node, which describes the Node that the repository runs on, wherever a package asks for it.
/// <reference types="types-node-20" />
