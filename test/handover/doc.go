// Package handover takes what pullpass hands over with the code of those who receive it.
package handover
