// Package crash stops the commands of pullpass at each of their effects, to see whether the next run ends well.
package crash
