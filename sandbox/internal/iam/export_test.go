package iam

// OperationNames returns the names of the service's table.
func OperationNames() []string {
	var names []string
	for _, operation := range operations() {
		names = append(names, operation.Name)
	}
	return names
}
